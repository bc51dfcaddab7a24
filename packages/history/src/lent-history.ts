import type { ByteTableData } from './byte-table.ts'
import type { Process } from './event.ts'
import type { HistoryData } from './history-data.ts'
import type { Sessions } from './sessions.ts'
import type { ValueTableData } from './value.ts'

/** What a history is made of, beside its tables. */
export interface HistoryParts extends HistoryData {
  readonly processNames: readonly Process[]
  /** Undefined where every process is a client of its own. */
  readonly sessions: Sessions | undefined
  /** By operation: the number of its error's text, 0 for none, n for entry n - 1. */
  readonly errorColumn: Int32Array
}

/** A history as plain data, for another thread. What was built in shared memory is then read by both, without a copy. */
export interface LentHistory extends HistoryParts {
  readonly values: ValueTableData
  readonly errors: ByteTableData
}
