export { isGrpc, onlyMessage } from './grpc-content.ts'
export type { Method, Schema } from './message-type.ts'
export { parseSchema } from './parse-schema.ts'
