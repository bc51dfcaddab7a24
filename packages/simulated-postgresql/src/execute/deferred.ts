import type { SqlValue } from '../types/value.ts'
import type { NamedColumn } from './model.ts'

/**
 * A column value that is computed only when it is read. The computation may be refused, but conditions may exclude the
 * row first.
 */
export class Deferred {
  readonly read: () => SqlValue

  constructor(read: () => SqlValue) {
    this.read = read
  }
}

export function valueIn({ slot, deferred }: NamedColumn, row: readonly SqlValue[]): SqlValue {
  const value: unknown = row[slot]
  if (deferred === true && value instanceof Deferred) return value.read()
  return row[slot] ?? null
}
