import type { Operations } from '../columns/history-columns.ts'
import type { MergedFile } from '../columns/merged-files.ts'
import type { ClockReadings } from '../event/clocks.ts'
import type { Event, Format, Header, Process } from '../event/event.ts'
import type { Mark, PassedOn, TransactionNote } from '../event/marks.ts'
import type { Taken } from '../event/taken.ts'
import type { ByteTableData } from '../tables/byte-table.ts'
import type { Sessions } from '../tables/sessions.ts'
import type { ValueTableData } from '../tables/value.ts'

/** The part of a history that is plain data. */
export interface HistoryData {
  readonly header: Header | undefined
  /** The name messages use for it: its file's. */
  readonly source?: string | undefined
  /** The files it was merged from, whose lines are counted through all of them; absent for a history of one. */
  readonly files?: readonly MergedFile[] | undefined
  /** The format it was read from; absent for a history made in memory. */
  readonly format?: Format | undefined
  readonly operations: Operations
  readonly functions: readonly string[]
  readonly keys: readonly string[]
  readonly nodes: readonly string[]
  /** What the recorder reports as missing from the record, in file order. */
  readonly marks: readonly Mark[]
  /** Traffic that was passed on but is not an operation, by kind. */
  readonly passedOn: readonly PassedOn[]
  /** Events of the nemesis and of any other speaker that is neither a client nor the recorder, in file order. */
  readonly nemesis: readonly Event[]
  /** Number of all events, clients' and others'. */
  readonly eventCount: number
  /** Tolerated irregularities that the user should know of: a truncated last line, absent times, … */
  readonly warnings: readonly string[]
  /** The roles of members with other names than those of the native format; absent if there are none. */
  readonly taken?: readonly Taken[] | undefined
  /** That its recorder did not come to the end, also among the warnings; absent if nothing says so. */
  readonly cutOff?: string | undefined
  /** How well its times are known, where they leave the order of some events open; absent if all are in order. */
  readonly clocks?: ClockReadings | undefined
  /**
   * Whether the operations of each process are in order of rows although positions may overlap, so that positions alone do not
   * say all orders that are known. Only judges make such histories.
   */
  readonly isTied?: boolean | undefined
  /** What a recorder knows of transactions, by the line of their completion; absent if nothing. */
  readonly transactionNotes?: ReadonlyMap<number, TransactionNote> | undefined
}

/** The parts of a history other than its tables. */
export interface HistoryParts extends HistoryData {
  readonly processNames: readonly Process[]
  /** Undefined if every process is a client of its own. */
  readonly sessions: Sessions | undefined
  /** By operation: the number of its error's text, 0 for none, n for entry n - 1. */
  readonly errorColumn: Int32Array
}

/** A history as plain data, for another thread. Both read parts in shared memory without a copy. */
export interface LentHistory extends HistoryParts {
  readonly values: ValueTableData
  readonly errors: ByteTableData
}
