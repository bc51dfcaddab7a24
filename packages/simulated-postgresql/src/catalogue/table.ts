import type { Node } from '../sql/nodes.ts'
import type { Heap, Index } from '../storage/model.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import type { Trigger } from './routine.ts'

/** A table or a view, materialized or not. */
export interface Table extends Heap {
  columns: Column[]
  checks: Check[]
  foreignKeys: ForeignKey[]
  /** In the order of their names. */
  triggers: readonly Trigger[]
  /** What a temporary table does when a transaction commits; undefined: it keeps its rows. */
  onCommit: 'drop' | 'delete rows' | undefined
  /** The role that made it, or that it was given to. */
  owner: string
  /** ENABLE ROW LEVEL SECURITY: roles other than its owner reach only the rows that policies give them. */
  rowSecurity: boolean
  /** The names of its policies, which are never applied. */
  policies: readonly string[]
  partitioned: Partitioned | undefined
  /** The table whose partition it is, which holds its rows. */
  partitionOf: Table | undefined
  view: Node | undefined
  /** A materialized view: the query that REFRESH fills it with, and whether it has been filled. */
  materialized: { readonly query: Node; readonly populated: boolean } | undefined
}

/** PARTITION BY LIST of a column, by its place. */
interface Partitioned {
  readonly place: number
  readonly partitions: readonly Partition[]
}

export interface Partition {
  readonly table: Table
  /** The key texts of the values that it is for. */
  readonly keys: ReadonlySet<string>
  holds(row: readonly SqlValue[]): boolean
  /** Its indexes by those of the whole that do for it what they do. */
  readonly indexes: ReadonlyMap<Index, Index>
  /** The same of its foreign keys. */
  readonly foreignKeys: ReadonlyMap<ForeignKey, ForeignKey>
}

export interface Column {
  name: string
  type: SqlType
  notNull: boolean
  /** From 1; its place in a row is one less. The number of a dropped column is not used again. */
  readonly attribute: number
  dropped: boolean
  default: Node | undefined
  /** GENERATED … AS IDENTITY: the sequence that it takes values from. */
  identity: { readonly sequence: Sequence; readonly always: boolean } | undefined
  /** GENERATED ALWAYS AS (…) STORED */
  generated: Node | undefined
}

export interface Check {
  readonly oid: number
  name: string
  readonly expression: Node
  /** The places of the columns that it reads. */
  readonly places: ReadonlySet<number>
  /** NOT VALID: rows older than it were not checked. */
  validated: boolean
}

export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'

export interface ForeignKey {
  name: string
  readonly oid: number
  readonly table: Table
  /** Of a partition: it is for the rows of that one. */
  readonly partition?: Partition
  /** Places of columns in a row. */
  readonly columns: readonly number[]
  readonly referenced: Table
  readonly referencedColumns: readonly number[]
  /** That of the referenced table; made anew with it. */
  index: Index
  readonly onUpdate: ReferentialAction
  readonly onDelete: ReferentialAction
  readonly matchFull: boolean
  readonly deferrable: boolean
  initiallyDeferred: boolean
  /** NOT VALID: rows older than it were not checked. */
  validated: boolean
}

/** What a relation is called in messages. */
export function kindOfRelation({ view, materialized }: Table): 'table' | 'view' | 'materialized view' {
  return materialized !== undefined ? 'materialized view' : view !== undefined ? 'view' : 'table'
}

/** The columns that were not dropped. */
export function columnsOf(table: Table): readonly Column[] {
  return table.columns.filter((column) => !column.dropped)
}
