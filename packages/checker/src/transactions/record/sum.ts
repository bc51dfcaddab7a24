import type { History, ValueId } from '@chaosproxy/history'
import { UNKNOWN } from './record.ts'

/**
 * Returns the id of the sum of a value and a whole number. The sum of null and a number is null, as in SQL. UNKNOWN if
 * the sum is not known exactly.
 */
export function sumOf({ values }: History, value: number, change: number): number {
  if (value === UNKNOWN) return UNKNOWN
  const before = values.json(value as ValueId)
  if (before === null) return value
  const sum = typeof before === 'number' && Number.isSafeInteger(before) ? before + change : undefined
  return sum !== undefined && Number.isSafeInteger(sum) ? values.id(sum) : UNKNOWN
}
