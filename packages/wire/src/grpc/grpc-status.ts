/** The names of gRPC's status codes (https://grpc.io/docs/guides/status-codes), indexed by number. */
export const grpcStatusNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

export type GrpcStatusName = (typeof grpcStatusNames)[number]

/** Statuses after which the call certainly had no effect. */
const REFUSALS: ReadonlySet<string> = new Set<GrpcStatusName>([
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'FAILED_PRECONDITION',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'UNAUTHENTICATED',
])

/**
 * Returns the usual outcome of a call with this status. An error that is not in `REFUSALS` has an unknown outcome,
 * because a server may return ABORTED or RESOURCE_EXHAUSTED after a part of the work.
 */
export function usualGrpcOutcome(status: number): 'ok' | 'fail' | 'info' {
  if (status === 0) return 'ok'
  return REFUSALS.has(grpcStatusNames[status] ?? '') ? 'fail' : 'info'
}

/** `grpc 5 NOT_FOUND` */
export function describeGrpcStatus(status: number): string {
  const name = grpcStatusNames[status]
  return name === undefined ? `grpc ${status}` : `grpc ${status} ${name}`
}

/** The status UNKNOWN, which stands for a missing status. */
export const GRPC_UNKNOWN = 2
