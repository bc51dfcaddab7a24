import type { JoinedRow } from './model.ts'
import type { QueryScope } from './scope.ts'

export function emptyRow(scope: QueryScope): JoinedRow {
  return { values: new Array(scope.width).fill(null), tuples: new Array(scope.tuples).fill(undefined) }
}
