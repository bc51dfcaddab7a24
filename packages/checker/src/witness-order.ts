import type { OperationRow } from './operation-row.ts'
import type { WitnessOrder } from './verdict.ts'

/** Up to this length the list is made at once: short histories are checked by the thousand, and a getter costs more. */
const FEW = 1_000

/**
 * A witness order. For a long history the list is made on demand: listing a million numbers takes longer than checking.
 */
export function orderOfRows(key: string | undefined, operations: number, list: () => OperationRow[]): WitnessOrder {
  if (operations <= FEW) return key === undefined ? { operations: list() } : { key, operations: list() }
  const named = key === undefined ? {} : { key }
  let known: OperationRow[] | undefined
  return {
    ...named,
    get operations() {
      known ??= list()
      return known
    },
  }
}
