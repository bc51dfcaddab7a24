/** The type of a column, which determines how its values are compared. */
export type ColumnType = 'text' | 'numeric' | 'boolean' | 'json'

/** A recorded table in the mode that records whole transactions. */
export interface RecordedTable {
  readonly name: string
  readonly key: string
  readonly values: ReadonlyMap<string, ColumnType>
  /** Whether the database may convert given values, and compares texts by a collation, as MySQL does. */
  readonly converts?: boolean | undefined
}

/** The recorded tables that are written by statements on another table or view. */
export interface IndirectWrites {
  /**
   * Tables written by any statement that writes the other table, through triggers, rules or the definition of a view.
   */
  readonly write?: readonly string[] | undefined
  /** Tables written through cascades by statements that delete rows of the other table. */
  readonly delete?: readonly string[] | undefined
  /** For each column of the other table: the tables that a statement writes because it changes the column. */
  readonly update?: { readonly [column: string]: readonly string[] } | undefined
  /** The causes of the writes, for messages: `foreign key accounts_owner_fkey`. */
  readonly by?: readonly string[] | undefined
}
