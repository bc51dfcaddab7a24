import type { SqlValue } from '../types/value.ts'
import type { JoinedRow, NamedColumn } from './model.ts'
import type { QueryScope } from './scope.ts'

export function emptyRow(scope: QueryScope): JoinedRow {
  return { values: new Array(scope.width).fill(null), tuples: new Array(scope.tuples).fill(undefined) }
}

/** Copies the values of a row of a table to the slots of its columns. */
export function fillSlots(values: SqlValue[], columns: readonly NamedColumn[], row: readonly SqlValue[]): void {
  for (const { slot, attribute } of columns) values[slot] = row[attribute - 1] ?? null
}
