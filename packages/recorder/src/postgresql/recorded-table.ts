import type { WrittenDecimals } from './written-decimals.ts'

/** A column's type, which determines how values are compared. */
export type ColumnType = 'text' | 'numeric' | 'boolean' | 'json'

/** A recorded table, with settings by which each transaction is recorded as one operation. */
export interface RecordedTable {
  readonly name: string
  /** The schema of the table; undefined if the settings name no schema. */
  readonly schema?: string | undefined
  readonly key: string
  readonly values: ReadonlyMap<string, ColumnType>
  readonly decimals: WrittenDecimals
  /**
   * All columns in their order in the table, if known. An INSERT without a list of columns fills them in this order.
   */
  readonly columns?: readonly string[] | undefined
  /** Whether the database is like MySQL: it may convert values, and it compares texts by a collation. */
  readonly converts?: boolean | undefined
}

/** The recorded tables that are written indirectly, by statements on another table or view. */
export interface IndirectWrites {
  /**
   * When a statement inserts, updates or deletes rows of one table or view, these other recorded tables change, too.
   */
  readonly write?: readonly string[] | undefined
  /** When a statement deletes rows of one table, these other recorded tables change, too. */
  readonly delete?: readonly string[] | undefined
  /**
   * For each column of the statement's own table: the recorded tables that change when the statement changes this
   * column.
   */
  readonly update?: { readonly [column: string]: readonly string[] } | undefined
  /** The causes of the writes, for messages: `foreign key accounts_owner_fkey`. */
  readonly by?: readonly string[] | undefined
}
