import { FAIL, FLAG_ANSWERED, OK } from '../columns/history-columns.ts'
import { type PlaceOfLine, placeOfLine } from '../columns/merged-files.ts'
import type { Tally } from '../columns/tally.ts'
import type { Json } from '../event/event.ts'
import { readsWhole, replacesWhole } from '../operations/meaning.ts'
import type { ValueId, ValueTable } from '../tables/value.ts'
import type { HistoryData, LentHistory } from './history-data.ts'

/** A history in memory: operations as columns, everything else as values. */
export interface History extends HistoryData {
  readonly values: ValueTable
  /** The name of a process in the file. */
  readonly processName: (process: number) => string
  readonly processCount: number
  /**
   * Whether the recording shows which client each process belongs to. If not, `sessionOf` gives each process a session
   * of its own.
   */
  readonly hasSessions: boolean
  /** The client of a process; UNNAMED (-1) if it has no name. */
  readonly sessionOf: (process: number) => number
  readonly sessionName: (session: number) => string
  /** The reason of operation i's `fail` or `info`, if recorded. */
  readonly errorOf: (operation: number) => string | undefined
  /** The counts of operations, if the operations themselves are not kept. */
  readonly tally?: Tally
  /**
   * Returns the history in the form for another thread. Absent for a history that no builder created: see
   * `HistoryOptions.shared`.
   */
  readonly lend?: () => LentHistory
}

export const operationsIn = ({ tally, operations }: Pick<History, 'tally' | 'operations'>): number =>
  tally?.operations ?? operations.length

export const inputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.input[operation] ?? 0) as ValueId)

export const outputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.output[operation] ?? 0) as ValueId)

export const functionOf = ({ functions, operations }: History, operation: number): string =>
  functions[operations.f[operation] ?? -1] ?? '?'

/** How an operation ended: `info` if its effect is unknown. */
export const outcomeName = ({ operations }: History, operation: number): 'ok' | 'fail' | 'info' => {
  const outcome = operations.outcome[operation]
  return outcome === OK ? 'ok' : outcome === FAIL ? 'fail' : 'info'
}

/** Returns where a line is in the merged file that contains it. */
export const placeIn = ({ files }: Pick<History, 'files'>, line: number): PlaceOfLine => placeOfLine(files, line)

/**
 * Whether the object executed or declined the operation. An object that refuses operations because it has no leader has
 * done neither.
 */
export const isAnswered = ({ operations: { outcome, flags } }: History, row: number): boolean =>
  outcome[row] === OK || (outcome[row] === FAIL && ((flags[row] ?? 0) & FLAG_ANSWERED) !== 0)

/**
 * Returns the history with the requested values of all operations, including those that were replaced by the values of
 * answers (see `History.requested`). Used for models in which the value of an answer is the result of the operation,
 * and not a correction of its requested value.
 */
export function withRequestedValues(history: History): History {
  const { requested, operations, warnings } = history
  if (requested === undefined) return history
  const input = operations.input.slice()
  for (let row = 0; row < operations.length; row++) {
    const value = requested.values.get(operations.callLine[row] ?? 0)
    if (value !== undefined) input[row] = value as ValueId
  }
  return {
    ...history,
    requested: undefined,
    operations: { ...operations, input },
    warnings: warnings.filter((warning) => warning !== requested.warning),
  }
}

/** Returns a written key and a read key, if no key of the registers was both written and read. */
export function keysApart({
  functions,
  operations,
  keys,
}: History): { readonly written: string; readonly read: string } | undefined {
  const { length, f, key, outcome } = operations
  const isRead = functions.map(readsWhole)
  const isWrite = functions.map(replacesWhole)
  const written = new Set<number>()
  const read = new Set<number>()
  for (let row = 0; row < length; row++) {
    if (outcome[row] === FAIL) continue
    const [name = -1, ofKey = -1] = [f[row], key[row]]
    if (isRead[name] !== true) written.add(ofKey)
    // Any change that is not a plain write, such as a cas, also reads the value that it replaces.
    if (outcome[row] === OK && isWrite[name] !== true) read.add(ofKey)
  }
  const [[oneWritten = -1], [oneRead = -1]] = [[...written], [...read]]
  if (oneWritten < 0 || oneRead < 0 || [...read].some((each) => written.has(each))) return undefined
  return { written: keys[oneWritten] ?? '', read: keys[oneRead] ?? '' }
}
