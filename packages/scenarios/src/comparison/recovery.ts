import { isAnswered } from '@chaosproxy/history'
import { type MeasureInput, rowsWhere } from './measure-input.ts'
import { isTrouble } from './network.ts'

/** Nanoseconds from healing to recovery; `never` if the run ended before the recovery. */
export type Recovery = number | 'never'

/**
 * The share of answered operations that counts as full recovery. One request in a hundred may fail for other reasons.
 */
const NEARLY_ALL = 0.99

/**
 * Returns the time from the end of the last fault to the recovery. The system has recovered when it answers at least
 * 99% of the operations, or at least as large a share as before the first fault.
 */
export function recoveryOf({ history, faults, healedAt }: MeasureInput): Recovery | undefined {
  const trouble = faults.filter(isTrouble)
  if (trouble.length === 0) return undefined
  const brokenAt = Math.min(...trouble.map(({ from }) => from))
  const wellAt = Math.max(...trouble.map(({ to }) => Math.min(to, healedAt)))
  const { callTime, returnTime } = history.operations
  const calledBetween = (from: number, to: number): number[] =>
    rowsWhere(history, (row) => (callTime[row] ?? 0) >= from && (callTime[row] ?? 0) < to)
  const before = calledBetween(0, brokenAt)
  const usual = before.filter((row) => isAnswered(history, row)).length / Math.max(1, before.length)
  const needed = Math.min(NEARLY_ALL, usual)
  let recovery: Recovery = 'never'
  let answered = 0
  for (const [i, row] of calledBetween(wellAt, healedAt).reverse().entries()) {
    if (!isAnswered(history, row)) continue
    answered++
    if (answered / (i + 1) >= needed) recovery = (returnTime[row] ?? 0) - wellAt
  }
  return recovery
}
