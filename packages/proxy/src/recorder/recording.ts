import type { Lanes, Processes } from './processes.ts'
import type { Remarks } from './remarks.ts'
import type { Retries } from './retries.ts'
import type { View } from './view.ts'

/** What the exchanges of one connection share. */
export interface Recording {
  /** The backend that is asked, and the rules in force, as lines have them. */
  tailText(): string
  /** The same with other members between the two. */
  tailWith(members: string): string
  /** The same with a reason between the two. */
  tailWithError(error: string): string
  /** The client's address: attempts of one client are told from those of others by it. */
  readonly client: string
  /** Of the connection, for requests whose client nothing names. */
  readonly lanes: Lanes
  readonly processes: Processes
  readonly retries: Retries
  /** What the client saw, and what the backend was asked and answered. */
  readonly views: { readonly client: View; readonly backend: View | undefined }
  readonly remarks: Remarks
  readonly counters: ExchangeCounters
}

export interface ExchangeCounters {
  /** Recorded operations, by how they ended for the client; `open` ones have not ended yet. */
  operations: number
  open: number
  ok: number
  fail: number
  info: number
  /** Operations whose client nothing named. */
  unnamed: number
  /** Requests that never arrived in full, so that nothing can be said of them. */
  incomplete: number
  /** Attempts beyond the first under one name, and repetitions without one. */
  keyedRetries: number
  blindRetries: number
  /** Requests that the proxy itself sent once more. */
  duplicates: number
}
