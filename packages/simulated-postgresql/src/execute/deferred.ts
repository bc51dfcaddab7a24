import type { SqlValue } from '../types/value.ts'
import type { NamedColumn } from './model.ts'

/** Stands in a row for a value that may be refused, until it is read: conditions leave out rows before. */
export class Deferred {
  readonly read: () => SqlValue

  constructor(read: () => SqlValue) {
    this.read = read
  }
}

/** The value of a column in a row. */
export function valueIn({ slot, deferred }: NamedColumn, row: readonly SqlValue[]): SqlValue {
  const value: unknown = row[slot]
  if (deferred === true && value instanceof Deferred) return value.read()
  return row[slot] ?? null
}
