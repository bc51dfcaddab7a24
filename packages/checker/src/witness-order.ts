import type { OperationRow } from './operation-row.ts'
import type { WitnessOrder } from './verdict.ts'

/** Of histories up to this long: they are checked by the thousand, and a getter costs more than a short list. */
const FEW = 1_000

/**
 * Of a history with so many operations, the list is made when somebody asks for it: a million numbers take longer to list
 * than to check.
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
