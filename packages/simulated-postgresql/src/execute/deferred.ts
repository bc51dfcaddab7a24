import type { SqlValue } from '../types/value.ts'
import type { NamedColumn } from './model.ts'

/**
 * A column value that is computed only when it is read. The computation may throw `NotSupported`, but is not needed
 * for rows that the conditions of the statement exclude.
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
