import type { Operand, Place } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import type { Comparison } from './sql-tree.ts'

// What statements do with rows, if whole transactions are recorded.

export type Rows =
  | {
      readonly kind: 'keys'
      /** The keys, or one array of keys. */
      readonly keys: readonly Operand[] | { readonly array: Operand }
      readonly compared: readonly Compared[]
      /** The number of conditions besides the keys. If there are none, a row that is not found does not exist. */
      readonly conditions: number
      /**
       * Whether the result may lack a row for a reason other than `conditions`, `limit` and `offset`, such as a join.
       */
      readonly isPartial: boolean
      readonly limit: Operand | undefined
      readonly offset: Operand | undefined
      /** Recorded columns outside `compared` that decide which rows match. `select` and `from`: other tables. */
      readonly hidden: readonly string[]
    }
  /** Rows whose keys are stored in other rows. */
  | { readonly kind: 'linked' }
  | { readonly kind: 'predicate'; readonly compared: readonly Compared[] }

/** A condition on a recorded column of each selected row. */
export interface Compared {
  readonly column: string
  readonly comparison: Comparison
  readonly operand: Operand
}

/** Where the primary key and the recorded columns are in a result. */
export interface ResultColumns {
  readonly key: Place | undefined
  readonly values: ReadonlyMap<string, Place>
}

/** A column's new value. `conflicting` is the existing row's value, `excluded` the value to insert. */
export type NewValue =
  | { readonly kind: 'operand'; readonly operand: Operand }
  | { readonly kind: 'sum'; readonly amount: Operand; readonly sign: 1 | -1 }
  /** The sum or difference of two values from the client. */
  | { readonly kind: 'total'; readonly left: Operand; readonly right: Operand; readonly sign: 1 | -1 }
  /** Adds to an existing row, or creates a row with the amount. */
  | { readonly kind: 'increment'; readonly amount: Operand | 'excluded'; readonly sign: 1 | -1 }
  /** Any other expression. `of`: the recorded columns in the expression. */
  | { readonly kind: 'expression'; readonly of?: readonly string[] }
  | { readonly kind: 'conflicting' | 'excluded' }

export interface InsertedRow {
  readonly key: Operand | undefined
  readonly values: ReadonlyMap<string, NewValue>
}

export type RowStatement = { readonly table: RecordedTable; readonly resultColumns: ResultColumns } & (
  | {
      readonly does: 'read'
      readonly rows: Rows
      readonly locks: boolean
      /** Whether the query joins other tables. A result row may then have no row of this table. */
      readonly isJoined: boolean
      /** The place of a count of rows, or of an EXISTS, in the result. Such a result contains no rows of a table. */
      readonly aggregate: Place | undefined
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
