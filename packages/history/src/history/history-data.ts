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
  /** The history's name in messages, which is its file's name. */
  readonly source?: string | undefined
  /** The merged files, whose lines are counted through all files; absent for a history from a single file. */
  readonly files?: readonly MergedFile[] | undefined
  /** The format of the file; absent for a history created in memory. */
  readonly format?: Format | undefined
  readonly operations: Operations
  readonly functions: readonly string[]
  readonly keys: readonly string[]
  readonly nodes: readonly string[]
  /** Gaps in the record that the recorder reports, in file order. */
  readonly marks: readonly Mark[]
  /** Traffic that was passed on but is not an operation, by kind. */
  readonly passedOn: readonly PassedOn[]
  /** Events of processes that are neither clients nor the recorder, such as the nemesis, in file order. */
  readonly nemesis: readonly Event[]
  /** Number of all events, including those of the nemesis and the recorder. */
  readonly eventCount: number
  /** Tolerated irregularities that the user should know: a truncated last line, absent times, … */
  readonly warnings: readonly string[]
  /** The roles of members with other names than in the native format; absent if there are none. */
  readonly taken?: readonly Taken[] | undefined
  /**
   * The warning that the recording is incomplete, which `warnings` also contains. Absent if nothing shows that the
   * recording is incomplete.
   */
  readonly cutOff?: string | undefined
  /** The precision of the times, if it leaves the order of some events open; absent if all events are ordered. */
  readonly clocks?: ClockReadings | undefined
  /**
   * Whether the operations of each process are ordered by row, although their positions may overlap. If true, positions
   * alone do not give the whole known order. Only checkers create such histories.
   */
  readonly isTied?: boolean | undefined
  /** Notes about transactions, by the line of their completion; absent if there are none. */
  readonly transactionNotes?: ReadonlyMap<number, TransactionNote> | undefined
}

/** The parts of a history other than its tables. */
export interface HistoryParts extends HistoryData {
  readonly processNames: readonly Process[]
  /** Undefined if every process is a separate client. */
  readonly sessions: Sessions | undefined
  /** The error of each operation: 0 for no error, n for entry n - 1 of the table of errors. */
  readonly errorColumn: Int32Array
}

/** A history as plain data, for another thread. Both threads read the parts in shared memory without a copy. */
export interface LentHistory extends HistoryParts {
  readonly values: ValueTableData
  readonly errors: ByteTableData
}
