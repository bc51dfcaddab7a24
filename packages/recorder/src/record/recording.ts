import type { Nanos } from '@chaosproxy/history'
import type { Lanes, Processes } from './processes.ts'
import type { Remarks } from './remarks.ts'
import type { ConnectionRetries } from './retries.ts'
import type { View } from './view.ts'

/** What the exchanges of one connection share. */
export interface ConnectionRecording {
  /** The backend. */
  readonly node: string
  now(): Nanos
  /** The epoch of the faults in force. */
  epoch(): number
  /** The end of a line: node and epoch. */
  tailText(): string
  /** The same, with further members between node and epoch. */
  tailWith(members: string): string
  /** The same, with an error between node and epoch. */
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
  /** Recorded operations, by their outcome for the client; `open` ones have not ended yet. */
  operations: number
  open: number
  ok: number
  fail: number
  info: number
  /** Requests for operations to which the backend replied, whatever its reply. */
  answered: number
  /** Operations of unnamed clients. */
  unnamed: number
  /** Requests that never arrived completely. */
  incomplete: number
  /** Retries with a request id, and identical repetitions without one. */
  keyedRetries: number
  blindRetries: number
  /** Duplicates sent by the proxy itself. */
  duplicates: number
}
