import type { SqlValue } from '../types/value.ts'
import type { NamedColumn } from './model.ts'

/** Delays a column value that may be refused until it is read: conditions may first exclude the row. */
export class Deferred {
  readonly read: () => SqlValue

  constructor(read: () => SqlValue) {
    this.read = read
  }
}

/** Returns the value of a column in a row; computes a deferred value. */
export function valueIn({ slot, deferred }: NamedColumn, row: readonly SqlValue[]): SqlValue {
  const value: unknown = row[slot]
  if (deferred === true && value instanceof Deferred) return value.read()
  return row[slot] ?? null
}
