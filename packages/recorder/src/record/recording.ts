import type { Lanes, Processes } from './processes.ts'
import type { Remarks } from './remarks.ts'
import type { ConnectionRetries } from './retries.ts'
import type { View } from './view.ts'

/** What the exchanges of one connection share. */
export interface ConnectionRecording {
  /** The backend. */
  readonly node: string
  epoch(): number
  /** A line's end: node and epoch. */
  tailText(): string
  /** A line's end: node, further members and epoch. */
  tailWith(members: string): string
  /** A line's end: node, error and epoch. */
  tailWithError(error: string): string
  readonly lanes: Lanes
  readonly processes: Processes
  readonly retries: ConnectionRetries
  /** The histories of what clients saw, and of what the backend did. */
  readonly views: { readonly client: View; readonly backend: View | undefined }
  readonly remarks: Remarks
  readonly counters: ExchangeCounters
}

export interface ExchangeCounters {
  /**
   * Number of operations. The next four counters divide them: not yet ended (`open`), or by their outcome for the
   * client.
   */
  operations: number
  open: number
  ok: number
  fail: number
  info: number
  /** Number of operations with a reply of the backend. */
  answered: number
  /** Number of operations of unnamed clients. */
  unnamed: number
  /** Number of requests that arrived in part. */
  incomplete: number
  /** Number of retries with a request id. */
  keyedRetries: number
  /** Number of repetitions without a request id. */
  blindRetries: number
  /** Number of duplicates that the proxy sent. */
  duplicates: number
}
