/** How values of a column are compared. */
export type ColumnType = 'text' | 'numeric' | 'boolean' | 'json'

/** A table whose transactions are recorded whole. */
export interface RecordedTable {
  readonly name: string
  /** The column of its primary key. */
  readonly key: string
  /** The recorded columns. */
  readonly values: ReadonlyMap<string, ColumnType>
}
