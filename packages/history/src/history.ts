import type { Json } from './event.ts'
import type { HistoryData } from './history-data.ts'
import type { LentHistory } from './lent-history.ts'
import type { ValueId, ValueTable } from './value.ts'

/** What happened, in memory: operations as columns, everything else as values. */
export interface History extends HistoryData {
  readonly values: ValueTable
  /** The file's name for that process. */
  readonly processName: (process: number) => string
  readonly processCount: number
  /**
   * Whether clients and processes differ: some processes belong to one client, or some have no named client. If false,
   * `sessionOf` gives each process its own session.
   */
  readonly hasSessions: boolean
  /** The number of the client that a process belongs to; UNNAMED (-1) if nothing named it. */
  readonly sessionOf: (process: number) => number
  readonly sessionName: (session: number) => string
  /** Why operation i is `fail` or `info`, if its completion says so. */
  readonly errorOf: (operation: number) => string | undefined
  /** The history for another thread (see `HistoryOptions.shared`); absent if it was not made by a builder. */
  readonly lend?: () => LentHistory
}

export const inputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.input[operation] ?? 0) as ValueId)

export const outputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.output[operation] ?? 0) as ValueId)
