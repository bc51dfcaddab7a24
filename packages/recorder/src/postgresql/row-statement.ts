import type { Operand, Place } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import type { Comparison } from './sql-tree.ts'

// Effects of statements on rows of the recorded tables, for the mode that records whole transactions.

/** The rows that a WHERE selects. */
export type Rows =
  | {
      readonly kind: 'keys'
      /** One operand for each row, or a single operand that is an array of keys. */
      readonly keys: readonly Operand[] | { readonly array: Operand }
      readonly compared: readonly Compared[]
      /** The number of conditions in addition to the keys. If it is 0, a missing row does not exist. */
      readonly conditions: number
      /** Whether a row may be missing for a reason other than the conditions, such as a join. */
      readonly isPartial: boolean
      readonly limit: Operand | undefined
      readonly offset: Operand | undefined
      /** Other names on which the selection depends: recorded columns, and words such as `select` for other tables. */
      readonly hidden: readonly string[]
    }
  /** Rows whose primary key is stored in other rows of the statement. */
  | { readonly kind: 'linked' }
  | { readonly kind: 'predicate'; readonly compared: readonly Compared[] }

/** A condition that holds for a recorded column in each selected row. */
export interface Compared {
  readonly column: string
  readonly comparison: Comparison
  readonly operand: Operand
}

/** The positions of the primary key and of the recorded columns in a result. */
export interface Shown {
  readonly key: Place | undefined
  readonly values: ReadonlyMap<string, Place>
}

/**
 * The new value of a column. `conflicting`: the old value of an existing row. `excluded`: the value that was to be
 * inserted.
 */
export type NewValue =
  | { readonly kind: 'operand'; readonly operand: Operand }
  | { readonly kind: 'sum'; readonly amount: Operand; readonly sign: 1 | -1 }
  /** The sum or difference of two values that the client sent. */
  | { readonly kind: 'total'; readonly left: Operand; readonly right: Operand; readonly sign: 1 | -1 }
  /** Adds the amount to an existing row, or creates a row with the amount. */
  | { readonly kind: 'increment'; readonly amount: Operand | 'excluded'; readonly sign: 1 | -1 }
  /** `of`: other recorded columns that affect the value. */
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
      /** Whether other tables affect which rows are returned. A returned row may contain no row of this table. */
      readonly isJoined: boolean
      /**
       * The position of a count of rows, or of a test whether rows exist. If present, the result contains no rows of
       * the table.
       */
      readonly tells: Place | undefined
      /** Reads of further recorded tables by this statement. */
      readonly others?: readonly RowStatement[] | undefined
    }
  | { readonly does: 'update'; readonly rows: Rows; readonly sets: ReadonlyMap<string, NewValue> }
  | { readonly does: 'delete'; readonly rows: Rows }
  | {
      readonly does: 'insert'
      readonly inserted: readonly InsertedRow[]
      readonly conflict: 'none' | 'nothing' | 'nothing by key' | 'update'
      /** Whether an existing row may remain unchanged. */
      readonly isConditional?: boolean | undefined
    }
)
