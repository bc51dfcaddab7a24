import type { Captured } from './body-capture.ts'
import type { Fields } from './routes/message.ts'

/** What is needed of an answer to say how an operation ended. */
export interface Answer {
  readonly status: number
  /** Of a call of gRPC, which says with it how it ended. */
  readonly grpcStatus?: number | undefined
  readonly headers: Fields | undefined
  readonly body: Captured | undefined
}
