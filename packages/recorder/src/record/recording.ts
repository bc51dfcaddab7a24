import type { Lanes, Processes } from './processes.ts'
import type { Remarks } from './remarks.ts'
import type { ConnectionRetries } from './retries.ts'
import type { View } from './view.ts'

/** What the exchanges of one connection share. */
export interface ConnectionRecording {
  /** The backend. */
  readonly node: string
  epoch(): number
  /** Returns the last members of a line: node and epoch. */
  tailText(): string
  /** Returns the last members of a line: node, the given members, and epoch. */
  tailWith(members: string): string
  /** Returns the last members of a line: node, error and epoch. */
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
   * Number of operations. Each is also counted in one of the next four counters: in `open` until it ends, then by its
   * outcome for the client.
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
  /** Number of retries that were recognised without a request id. */
  blindRetries: number
  /** Number of duplicates that the proxy sent. */
  duplicates: number
}
