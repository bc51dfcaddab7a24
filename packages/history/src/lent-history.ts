import type { ByteTableData } from './byte-table.ts'
import type { Process } from './event.ts'
import type { HistoryData } from './history-data.ts'
import type { Sessions } from './sessions.ts'
import type { ValueTableData } from './value.ts'

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
