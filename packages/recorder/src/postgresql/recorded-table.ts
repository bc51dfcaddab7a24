/** A column's type, which determines how values are compared. */
export type ColumnType = 'text' | 'numeric' | 'boolean' | 'json'

/** A recorded table in the mode with whole transactions. */
export interface RecordedTable {
  readonly name: string
  readonly key: string
  readonly values: ReadonlyMap<string, ColumnType>
  /** Whether the database may convert values and compares texts by a collation, as MySQL does. */
  readonly converts?: boolean | undefined
}

/** The recorded tables that are written indirectly, by statements on another table or view. */
export interface IndirectWrites {
  /** Tables written by any statement that writes the other table. */
  readonly write?: readonly string[] | undefined
  /** Tables written when rows of the other table are deleted. */
  readonly delete?: readonly string[] | undefined
  /** By column: tables written when this column of the other table is changed. */
  readonly update?: { readonly [column: string]: readonly string[] } | undefined
  /** The causes of the writes, for messages: `foreign key accounts_owner_fkey`. */
  readonly by?: readonly string[] | undefined
}
