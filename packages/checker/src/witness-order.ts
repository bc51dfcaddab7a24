import type { OperationRow, WitnessOrder } from './verdict.ts'

/** The list is made when somebody asks for it: a million numbers take longer to list than to check. */
export function orderOfRows(key: string | undefined, list: () => OperationRow[]): WitnessOrder {
  let operations: OperationRow[] | undefined
  return {
    ...(key === undefined ? {} : { key }),
    get operations() {
      operations ??= list()
      return operations
    },
  }
}
