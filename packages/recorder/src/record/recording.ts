import type { Nanos } from '@chaosproxy/history'
import type { Lanes, Processes } from './processes.ts'
import type { Remarks } from './remarks.ts'
import type { ConnectionRetries } from './retries.ts'
import type { View } from './view.ts'

/** The state that the exchanges of one connection share. */
export interface ConnectionRecording {
  /** The backend. */
  readonly node: string
  now(): Nanos
  /** The epoch of the faults in force. */
  epoch(): number
  /** The end of a line: node and epoch. */
  tailText(): string
  /** The end of a line, with additional members between node and epoch. */
  tailWith(members: string): string
  /** The end of a line, with an error between node and epoch. */
  tailWithError(error: string): string
  /** The connection's processes, for requests of unnamed clients. */
  readonly lanes: Lanes
  readonly processes: Processes
  readonly retries: ConnectionRetries
  /** The two histories: what the clients saw, and the requests and replies of the backend. */
  readonly views: { readonly client: View; readonly backend: View | undefined }
  readonly remarks: Remarks
  readonly counters: ExchangeCounters
}

export interface ExchangeCounters {
  /** Number of recorded operations, by outcome for the client; `open` operations have not ended yet. */
  operations: number
  open: number
  ok: number
  fail: number
  info: number
  /** Number of requests for operations to which the backend sent any reply. */
  answered: number
  /** Number of operations of unnamed clients. */
  unnamed: number
  /** Number of requests that never arrived completely. */
  incomplete: number
  /** Number of retries with a request id, and of identical repetitions without an id. */
  keyedRetries: number
  blindRetries: number
  /** Number of duplicates sent by the proxy itself. */
  duplicates: number
}
