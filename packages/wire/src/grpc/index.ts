export { isGrpc, onlyMessage } from './grpc-content.ts'
export { describeGrpcStatus, GRPC_UNKNOWN, grpcStatusNames, usualGrpcOutcome } from './grpc-status.ts'
export type { Method, Schema } from './message-type.ts'
export { parseSchema } from './parse-schema.ts'
