import type { Counterexample, OperationRow, Report } from '@chaosproxy/checker'
import { FAIL, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import { coreOf, functionOf, hasReturned, isFinal, isRead, isReplacing, writtenText } from '../operation-words.ts'

export interface Replacement {
  /** The newest write that replaced what the culprit found, and had been acknowledged before it was called. */
  readonly confirmed: OperationRow | undefined
  /** The newest read before it that saw such a write. */
  readonly saw: OperationRow | undefined
  /** The newest read before it that was called once what it found had been written, and found something else. */
  readonly differs: OperationRow | undefined
}

/** What had surely replaced the value that a read or a cas found: all that wrote it had returned before that write was called. */
export function replacementOf(
  history: History,
  report: Report<string>,
  { culprit, edges }: Counterexample,
): Replacement | undefined {
  if (culprit === undefined || edges !== undefined || isFinal(history, culprit)) return undefined
  const { outcome, callEvent, returnEvent } = history.operations
  const found = foundBy(history, culprit)
  const rows = rowsOfKey(history, culprit)
  if (found === undefined || rows === undefined || outcome[culprit] !== OK || isImpossibleAlone(report, culprit))
    return undefined
  const text = JSON.stringify(found)
  const settled = settledAt(history, rows, found)
  const called = callEvent[culprit] ?? 0
  const isNewer = (row: OperationRow): boolean => (callEvent[row] ?? 0) > settled
  const isBefore = (row: OperationRow): boolean => outcome[row] === OK && (returnEvent[row] ?? 0) < called
  const writes = rows.filter((row) => row !== culprit && !isRead(history, row) && isNewer(row) && outcome[row] !== FAIL)
  const values = new Set(writes.map((row) => writtenText(history, row)))
  const isSight = (row: OperationRow): boolean =>
    isRead(history, row) && isBefore(row) && isNewer(row) && values.has(JSON.stringify(outputOf(history, row)))
  const isOther = (row: OperationRow): boolean =>
    isRead(history, row) && isBefore(row) && isNewer(row) && JSON.stringify(outputOf(history, row)) !== text
  return { confirmed: writes.findLast(isBefore), saw: rows.findLast(isSight), differs: rows.findLast(isOther) }
}

/** Whether a read is wrong whatever else happened: then nothing that could have taken effect wrote its value, nor was it there at first. */
export const isImpossibleAlone = ({ levels }: Report<string>, culprit: OperationRow): boolean =>
  Object.values(levels).some((verdict) => {
    if (verdict.result !== 'violated' || verdict.counterexample.uncut?.standsAlone === false) return false
    const core = coreOf(verdict.counterexample)
    return core.length === 1 && core[0] === culprit
  })

/** The operations on the culprit's key in order of call; undefined unless each is a read, or a change such as expected. */
export function rowsOfKey(
  history: History,
  culprit: OperationRow,
  isExpected: (row: OperationRow) => boolean = (row) => isReplacing(history, row),
): readonly OperationRow[] | undefined {
  const { length, key, callEvent } = history.operations
  const rows: OperationRow[] = []
  for (let row = 0; row < length; row++) {
    if (key[row] !== key[culprit]) continue
    if (!isRead(history, row) && !isExpected(row)) return undefined
    rows.push(row)
  }
  return rows.sort((a, b) => (callEvent[a] ?? 0) - (callEvent[b] ?? 0))
}

/** When the last writer of a value had returned, or its only one was seen; -1 without one, Infinity if unknown. */
function settledAt(history: History, rows: readonly OperationRow[], value: Json): number {
  const { outcome, returnEvent } = history.operations
  const text = JSON.stringify(value)
  const isOfIt = (row: OperationRow): boolean =>
    outcome[row] !== FAIL &&
    (isRead(history, row) ? JSON.stringify(outputOf(history, row)) : writtenText(history, row)) === text
  const writers = rows.filter((row) => !isRead(history, row) && isOfIt(row))
  const sights = rows.filter((row) => isRead(history, row) && outcome[row] === OK && isOfIt(row))
  const seen = writers.length === 1 ? Math.min(...sights.map((row) => returnEvent[row] ?? 0)) : Number.POSITIVE_INFINITY
  let settled = -1
  for (const row of writers) {
    const hasEnded = outcome[row] === OK && hasReturned(history, row)
    settled = hasEnded ? Math.max(settled, returnEvent[row] ?? 0) : Number.POSITIVE_INFINITY
    if (settled === Number.POSITIVE_INFINITY) break
  }
  return Math.min(settled, seen)
}

/** What a read returned, or a cas says it replaced; undefined for other operations, which do not tell. */
export function foundBy(history: History, row: OperationRow): Json | undefined {
  if (isRead(history, row)) return outputOf(history, row)
  const input = inputOf(history, row)
  return functionOf(history, row) === 'cas' && Array.isArray(input) ? (input[0] ?? null) : undefined
}
