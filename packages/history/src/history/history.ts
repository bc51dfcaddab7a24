import { FAIL, FLAG_ANSWERED, OK } from '../columns/history-columns.ts'
import { type PlaceOfLine, placeOfLine } from '../columns/merged-files.ts'
import type { Tally } from '../columns/tally.ts'
import type { Json } from '../event/event.ts'
import type { ValueId, ValueTable } from '../tables/value.ts'
import type { HistoryData, LentHistory } from './history-data.ts'

/** A history in memory: operations as columns, everything else as values. */
export interface History extends HistoryData {
  readonly values: ValueTable
  /** The name of a process in the file. */
  readonly processName: (process: number) => string
  readonly processCount: number
  /**
   * Whether clients and processes differ: a client may have several processes, and a process may have no named client.
   * If false, `sessionOf` gives each process a separate session.
   */
  readonly hasSessions: boolean
  /** The number of the client that a process belongs to; UNNAMED (-1) if the client has no name. */
  readonly sessionOf: (process: number) => number
  readonly sessionName: (session: number) => string
  /** The reason why operation i is `fail` or `info`, if its completion has one. */
  readonly errorOf: (operation: number) => string | undefined
  /** Counts of operations that are not kept. If present, only the number of `operations` is known. */
  readonly tally?: Tally
  /**
   * Returns the history for another thread (see `HistoryOptions.shared`); absent if the history was not created by a
   * builder.
   */
  readonly lend?: () => LentHistory
}

/** The number of operations, whether or not they were kept. */
export const operationsIn = ({ tally, operations }: Pick<History, 'tally' | 'operations'>): number =>
  tally?.operations ?? operations.length

export const inputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.input[operation] ?? 0) as ValueId)

export const outputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.output[operation] ?? 0) as ValueId)

/** The function name of an operation. */
export const functionOf = ({ functions, operations }: History, operation: number): string =>
  functions[operations.f[operation] ?? -1] ?? '?'

/** How an operation ended: `info` if its effect is unknown. */
export const outcomeName = ({ operations }: History, operation: number): 'ok' | 'fail' | 'info' => {
  const outcome = operations.outcome[operation]
  return outcome === OK ? 'ok' : outcome === FAIL ? 'fail' : 'info'
}

/**
 * Returns the place of a line. In a history that was merged from several files, the place is a file and a line of that
 * file.
 */
export const placeIn = ({ files }: Pick<History, 'files'>, line: number): PlaceOfLine => placeOfLine(files, line)

/** Whether the object executed or declined the operation. A refusal for lack of a leader or quorum is not an answer. */
export const isAnswered = ({ operations: { outcome, flags } }: History, row: number): boolean =>
  outcome[row] === OK || (outcome[row] === FAIL && ((flags[row] ?? 0) & FLAG_ANSWERED) !== 0)
