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
 * Returns the outcome that a status usually means. A status that is no refusal is indefinite: a server may return
 * ABORTED or RESOURCE_EXHAUSTED halfway through.
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

/** The status of a call that ended without one. */
export const GRPC_UNKNOWN = 2
