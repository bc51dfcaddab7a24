// Exports the parts of the proxy that benchmarks measure separately. No package imports this file.

export { createHttp2Faults } from './http2/http2-faults.ts'
export type { Conversation, Exit, Intercept } from './interceptor/interceptor.ts'
export type { AppliedFault } from './link/applied-fault.ts'
