import type { Event, Header } from './event.ts'
import type { Format } from './format.ts'
import type { Operations } from './history-columns.ts'
import type { Mark, PassedOn } from './marks.ts'

/** What of a history is plain data. */
export interface HistoryData {
  readonly header: Header | undefined
  /** What messages call it: its file's name. */
  readonly source?: string | undefined
  /** What it was read from; absent for a history made in memory. */
  readonly format?: Format | undefined
  readonly operations: Operations
  readonly functions: readonly string[]
  readonly keys: readonly string[]
  readonly nodes: readonly string[]
  /** What the recorder says is missing from the record, in file order. */
  readonly marks: readonly Mark[]
  /** Traffic that was passed on without being an operation, by what it was. */
  readonly passedOn: readonly PassedOn[]
  /** Events of the nemesis and of anything else that is neither a client nor the recorder, in file order. */
  readonly nemesis: readonly Event[]
  /** Number of events, clients' and others'. */
  readonly eventCount: number
  /** What was tolerated, for the person to know: a truncated last line, times that are absent, … */
  readonly warnings: readonly string[]
}
