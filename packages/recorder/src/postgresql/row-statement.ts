import type { Operand, Place } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import type { Comparison } from './sql-tree.ts'

// What statements do with rows of the recorded tables, for transactions that are recorded whole.

/** The rows that a WHERE selects. */
export type Rows =
  | {
      readonly kind: 'keys'
      /** One operand for each row, or one that is an array of them. */
      readonly keys: readonly Operand[] | { readonly array: Operand }
      readonly compared: readonly Compared[]
      /** The number of conditions besides the keys. Without any, a row that is missing does not exist. */
      readonly conditions: number
      /** Whether a row may be missing for another reason, such as another table. */
      readonly isPartial: boolean
      readonly limit: Operand | undefined
      readonly offset: Operand | undefined
      /** Recorded columns whose values decide in another way, and other tables: by their names. */
      readonly hidden: readonly string[]
    }
  /** Those that other rows of the statement name by their primary key. */
  | { readonly kind: 'linked' }
  | { readonly kind: 'predicate'; readonly compared: readonly Compared[] }

/** What is true of a recorded column in each of the rows. */
export interface Compared {
  readonly column: string
  readonly comparison: Comparison
  readonly operand: Operand
}

/** The places of the primary key and of the recorded columns in a result. */
export interface Shown {
  readonly key: Place | undefined
  readonly values: ReadonlyMap<string, Place>
}

/**
 * The new value of a column. `conflicting`: a row that exists keeps its own value. `excluded`: the one to be inserted.
 */
export type NewValue =
  | { readonly kind: 'operand'; readonly operand: Operand }
  | { readonly kind: 'sum'; readonly amount: Operand; readonly sign: 1 | -1 }
  /** The sum or difference of two values that the client sent. */
  | { readonly kind: 'total'; readonly left: Operand; readonly right: Operand; readonly sign: 1 | -1 }
  /** Adds to the value of a row that exists, and creates one with the amount. */
  | { readonly kind: 'increment'; readonly amount: Operand | 'excluded'; readonly sign: 1 | -1 }
  /** `of`: other recorded columns that decide it. */
  | { readonly kind: 'expression'; readonly of?: readonly string[] }
  | { readonly kind: 'conflicting' | 'excluded' }

export interface InsertedRow {
  readonly key: Operand | undefined
  readonly values: ReadonlyMap<string, NewValue>
}

export type RowStatement = { readonly table: RecordedTable; readonly shown: Shown } & (
  | {
      readonly does: 'read'
      readonly rows: Rows
      readonly locks: boolean
      /** Whether other tables decide which rows are returned, some perhaps without one of this table. */
      readonly isJoined: boolean
      /** The place of a number of rows, or of whether there are any. Then its result is no rows of the table. */
      readonly tells: Place | undefined
      /** What it reads of further recorded tables. */
      readonly others?: readonly RowStatement[] | undefined
    }
  | { readonly does: 'update'; readonly rows: Rows; readonly sets: ReadonlyMap<string, NewValue> }
  | { readonly does: 'delete'; readonly rows: Rows }
  | {
      readonly does: 'insert'
      readonly inserted: readonly InsertedRow[]
      readonly conflict: 'none' | 'nothing' | 'nothing by key' | 'update'
      /** Whether a row that exists may be left as it is. */
      readonly isConditional?: boolean | undefined
    }
)
