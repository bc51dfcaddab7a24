/** How values of a column are compared. */
export type ColumnType = 'text' | 'numeric' | 'boolean' | 'json'

/** A table whose transactions are recorded whole. */
export interface RecordedTable {
  readonly name: string
  readonly key: string
  readonly values: ReadonlyMap<string, ColumnType>
  /** Whether the database may convert values that it is given, and compares texts by a collation: MySQL. */
  readonly converts?: boolean | undefined
}

/** The recorded tables that are written although a statement names another table or view. */
export interface IndirectWrites {
  /** By any statement that writes that one: its triggers and rules, and what a view shows. */
  readonly write?: readonly string[] | undefined
  /** By those that delete its rows: cascades. */
  readonly delete?: readonly string[] | undefined
  /** By those that change a column on which other tables depend: the tables by column. */
  readonly update?: { readonly [column: string]: readonly string[] } | undefined
  /** What does it, for messages: `foreign key accounts_owner_fkey`. */
  readonly by?: readonly string[] | undefined
}
