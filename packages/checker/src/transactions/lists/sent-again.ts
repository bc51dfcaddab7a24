import { ABORTED, APPEND, type TransactionRecord, UNANSWERED } from '../record/record.ts'
import { findWrites } from '../record/writes.ts'

/**
 * The record as it is if no transaction without an answer took effect whose append was sent again. What is met then is met:
 * this explains every read. Undefined if there is none.
 */
export function withoutFirstTries(record: TransactionRecord): TransactionRecord | undefined {
  const { repeated, transaction } = findWrites(record, APPEND)
  const lost = [...repeated]
    .flatMap(([first, others]) => [first, ...others])
    .filter((row) => record.status[transaction[row]] === UNANSWERED)
  if (lost.length === 0) return undefined
  const status = record.status.slice()
  for (const row of lost) status[transaction[row]] = ABORTED
  return { ...record, status }
}
