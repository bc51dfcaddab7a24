import type { Captured } from './body-capture.ts'
import type { Fields } from './head.ts'

/** The parts of a response that decide how an operation ended. */
export interface Answer {
  readonly status: number
  readonly grpcStatus?: number | undefined
  readonly headers: Fields | undefined
  readonly body: Captured | undefined
}
