import type { JoinedRow } from './model.ts'
import type { QueryScope } from './scope.ts'

/** Returns the row, without any values, to which the items of FROM add theirs. */
export function emptyRow(scope: QueryScope): JoinedRow {
  return { values: new Array(scope.width).fill(null), tuples: new Array(scope.tuples).fill(undefined) }
}
