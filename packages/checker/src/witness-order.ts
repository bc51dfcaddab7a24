import type { OperationRow, WitnessOrder } from './verdict.ts'

/** So many are listed at once: short histories are checked by the thousand, and a getter costs more than a short list. */
const FEW = 1_000

/** The list of so many rows is made when somebody asks for it: a million numbers take longer to list than to check. */
export function orderOfRows(key: string | undefined, count: number, list: () => OperationRow[]): WitnessOrder {
  const named = key === undefined ? {} : { key }
  if (count <= FEW) return { ...named, operations: list() }
  let operations: OperationRow[] | undefined
  return {
    ...named,
    get operations() {
      operations ??= list()
      return operations
    },
  }
}
