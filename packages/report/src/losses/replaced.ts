import type { Counterexample, OperationRow, Report } from '@chaosproxy/checker'
import { FAIL, type History, inputOf, type Json, outputOf } from '@chaosproxy/history'
import {
  answeredText,
  byCall,
  callEventOf,
  coreOf,
  functionOf,
  hasReturned,
  isFinal,
  isOk,
  isRead,
  isReplacing,
  returnEventOf,
  wasBefore,
  writtenText,
} from '../operation-words.ts'

interface Replacement {
  /**
   * The newest write that replaced the value that the culprit found. This write was acknowledged before the culprit
   * began.
   */
  readonly confirmed: OperationRow | undefined
  /** A read before the culprit that returned a newer value than the culprit. Of several such reads, the newest one. */
  readonly saw: OperationRow | undefined
  /**
   * A read before the culprit that returned a different value. The read was called after the culprit's value had
   * certainly been written. Of several such reads, the newest one.
   */
  readonly differs: OperationRow | undefined
}

/**
 * Returns a write that proves that the value found by a read or cas was no longer current. The write began after all
 * writers of that value had returned.
 */
export function replacementOf(
  history: History,
  report: Report<string>,
  { culprit, edges }: Counterexample,
): Replacement | undefined {
  if (culprit === undefined || edges !== undefined || isFinal(history, culprit)) return undefined
  const { outcome } = history.operations
  const found = foundBy(history, culprit)
  const rows = rowsOfKey(history, culprit)
  if (found === undefined || rows === undefined || !isOk(history, culprit) || isImpossibleAlone(report, culprit))
    return undefined
  const text = JSON.stringify(found)
  const settled = settledAt(history, rows, found)
  const isNewer = (row: OperationRow): boolean => callEventOf(history, row) > settled
  const isBefore = (row: OperationRow): boolean => isOk(history, row) && wasBefore(history, row, culprit)
  const writes = rows.filter((row) => row !== culprit && !isRead(history, row) && isNewer(row) && outcome[row] !== FAIL)
  const values = new Set(writes.map((row) => writtenText(history, row)))
  return {
    confirmed: writes.findLast(isBefore),
    saw: rows.findLast(
      (row) => isRead(history, row) && isBefore(row) && isNewer(row) && values.has(answeredText(history, row)),
    ),
    differs: rows.findLast(
      (row) => isRead(history, row) && isBefore(row) && isNewer(row) && answeredText(history, row) !== text,
    ),
  }
}

/** Whether a read is impossible by itself, because nobody can have written its value. */
export const isImpossibleAlone = ({ levels }: Report<string>, culprit: OperationRow): boolean =>
  Object.values(levels).some((verdict) => {
    if (verdict.result !== 'violated' || verdict.counterexample.uncut?.standsAlone === false) return false
    const core = coreOf(verdict.counterexample)
    return core.length === 1 && core[0] === culprit
  })

/** Returns the operations on the culprit's key, by call; undefined if any is neither a read nor `isExpected`. */
export function rowsOfKey(
  history: History,
  culprit: OperationRow,
  isExpected: (row: OperationRow) => boolean = (row) => isReplacing(history, row),
): readonly OperationRow[] | undefined {
  const { length, key } = history.operations
  const rows: OperationRow[] = []
  for (let row = 0; row < length; row++) {
    if (key[row] !== key[culprit]) continue
    if (!isRead(history, row) && !isExpected(row)) return undefined
    rows.push(row)
  }
  return rows.sort(byCall(history))
}

/**
 * Returns the event at which a value had certainly been written. This is the return of its last writer, or the return
 * of a read if the value had a single writer. -1 if the value had no writer, Infinity if no such event is known.
 */
function settledAt(history: History, rows: readonly OperationRow[], value: Json): number {
  const { outcome } = history.operations
  const text = JSON.stringify(value)
  const isOfIt = (row: OperationRow): boolean =>
    outcome[row] !== FAIL && (isRead(history, row) ? answeredText(history, row) : writtenText(history, row)) === text
  const writers = rows.filter((row) => !isRead(history, row) && isOfIt(row))
  const sights = rows.filter((row) => isRead(history, row) && isOk(history, row) && isOfIt(row))
  const seen =
    writers.length === 1 ? Math.min(...sights.map((row) => returnEventOf(history, row))) : Number.POSITIVE_INFINITY
  let settled = -1
  for (const row of writers) {
    const hasEnded = isOk(history, row) && hasReturned(history, row)
    settled = hasEnded ? Math.max(settled, returnEventOf(history, row)) : Number.POSITIVE_INFINITY
    if (settled === Number.POSITIVE_INFINITY) break
  }
  return Math.min(settled, seen)
}

export function foundBy(history: History, row: OperationRow): Json | undefined {
  if (isRead(history, row)) return outputOf(history, row)
  const input = inputOf(history, row)
  return functionOf(history, row) === 'cas' && Array.isArray(input) ? (input[0] ?? null) : undefined
}
