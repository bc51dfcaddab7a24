import { FAIL, FLAG_ANSWERED, OK } from '../columns/history-columns.ts'
import { type PlaceOfLine, placeOfLine } from '../columns/merged-files.ts'
import type { Tally } from '../columns/tally.ts'
import type { Json } from '../event/event.ts'
import type { ValueId, ValueTable } from '../tables/value.ts'
import type { HistoryData, LentHistory } from './history-data.ts'

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
  /** What was counted of operations that are not kept: then only their number is known of `operations`. */
  readonly tally?: Tally
  /** The history for another thread (see `HistoryOptions.shared`); absent if it was not made by a builder. */
  readonly lend?: () => LentHistory
}

/** How many operations it has, whether or not they were kept. */
export const operationsIn = ({ tally, operations }: Pick<History, 'tally' | 'operations'>): number =>
  tally?.operations ?? operations.length

export const inputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.input[operation] ?? 0) as ValueId)

export const outputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.output[operation] ?? 0) as ValueId)

/** What an operation is called. */
export const functionOf = ({ functions, operations }: History, operation: number): string =>
  functions[operations.f[operation] ?? -1] ?? '?'

/** The file of a line, if the history was merged from several, and its number there. */
export const placeIn = ({ files }: Pick<History, 'files'>, line: number): PlaceOfLine => placeOfLine(files, line)

/** Whether it was carried out, or declined by the object itself: a refusal for want of a leader or quorum is no answer. */
export const isAnswered = ({ operations: { outcome, flags } }: History, row: number): boolean =>
  outcome[row] === OK || (outcome[row] === FAIL && ((flags[row] ?? 0) & FLAG_ANSWERED) !== 0)
