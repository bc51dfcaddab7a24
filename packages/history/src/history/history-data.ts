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
  /** The file's name, for messages. */
  readonly source?: string | undefined
  /** The merged files. Line numbers continue from one file to the next. Absent for a single file. */
  readonly files?: readonly MergedFile[] | undefined
  /** The format of the file. Absent for a history created in memory. */
  readonly format?: Format | undefined
  readonly operations: Operations
  readonly functions: readonly string[]
  readonly keys: readonly string[]
  readonly nodes: readonly string[]
  /** Gaps in the record, in file order. */
  readonly marks: readonly Mark[]
  /** Traffic that was passed on but is not an operation, by kind. */
  readonly passedOn: readonly PassedOn[]
  /** Events of the nemesis and others that are neither clients nor the recorder, in file order. */
  readonly nemesis: readonly Event[]
  /** Number of all events, including those of the nemesis and the recorder. */
  readonly eventCount: number
  readonly warnings: readonly string[]
  /** The roles of members with non-native names; absent if there are no such members. */
  readonly taken?: readonly Taken[] | undefined
  /** Whether the unit of the times was guessed, and the size of the times does not confirm the guess. */
  readonly isUnitGuessed?: boolean | undefined
  /** The warning that the recording is incomplete, also in `warnings`. Absent if it seems complete. */
  readonly cutOff?: string | undefined
  /** The original values of requests whose values were replaced by those of the answers; absent if there are none. */
  readonly requested?: RequestedValues | undefined
  /** How precise the times are; absent if the times determine the order of all events. */
  readonly clocks?: ClockReadings | undefined
  /**
   * Whether the operations of each process count as executed in the order of their rows, even if they overlap. Only
   * checkers create histories with this property.
   */
  readonly isTied?: boolean | undefined
  /** Notes about transactions, by the line of their completion. */
  readonly transactionNotes?: ReadonlyMap<number, TransactionNote> | undefined
}

/** The requested values that were replaced by the values of answers. */
export interface RequestedValues {
  /** By line of the request: the id of its value. */
  readonly values: ReadonlyMap<number, number>
  /** The text of the warning that values were replaced. The history's `warnings` contain it, too. */
  readonly warning: string
}

/** The parts of a history other than its tables. */
export interface HistoryParts extends HistoryData {
  readonly processNames: readonly Process[]
  /** The sessions. Undefined if every process is a separate client. */
  readonly sessions: Sessions | undefined
  /** For each operation: 0 if it has no error, otherwise the index of its error plus 1. */
  readonly errorColumn: Int32Array
}

/** A history as plain data, for another thread. The parts in shared memory are not copied. */
export interface LentHistory extends HistoryParts {
  readonly values: ValueTableData
  readonly errors: ByteTableData
}
