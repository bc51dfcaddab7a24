import { ABORTED, APPEND, COMMITTED, READ, type TransactionRecord, UNANSWERED, UNKNOWN } from '../record/record.ts'
import { findWrites } from '../record/writes.ts'

/**
 * The record as it is if no transaction without an answer took effect whose append was sent again and acknowledged. What
 * is met then is met: this explains every read. Undefined if an element was appended twice in another way.
 */
export function withoutFirstTries(record: TransactionRecord): TransactionRecord | undefined {
  const { repeated, transaction } = findWrites(record, APPEND)
  if (repeated.size === 0) return undefined
  const status = record.status.slice()
  const kind = record.kind.slice()
  const value = record.value.slice()
  for (const [first, others] of repeated) {
    const rows = [first, ...others]
    const isLost = (row: number): boolean => record.status[transaction[row]] === UNANSWERED
    const kept = rows.filter((row) => !isLost(row))
    if (kept.length > 1 || kept.some((row) => record.status[transaction[row]] !== COMMITTED)) return undefined
    // Of tries that all had no answer, any may have taken effect.
    if (kept.length === 0) return undefined
    for (const row of rows.filter(isLost)) {
      status[transaction[row]] = ABORTED
      kind[row] = READ
      value[row] = UNKNOWN
    }
  }
  return { ...record, status, kind, value }
}
