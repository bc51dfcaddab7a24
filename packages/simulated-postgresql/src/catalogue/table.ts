import type { Node } from '../sql/nodes.ts'
import type { Heap, Index } from '../storage/model.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import type { Trigger } from './routine.ts'

/** A table, a view, or a materialized view. */
export interface Table extends Heap {
  columns: Column[]
  checks: Check[]
  foreignKeys: ForeignKey[]
  /** The triggers in the order of their names. */
  triggers: readonly Trigger[]
  /** The action of a temporary table at commit; undefined if it keeps its rows. */
  onCommit: 'drop' | 'delete rows' | undefined
  /** The role that created the table or that later became its owner. */
  owner: string
  /** ENABLE ROW LEVEL SECURITY: roles other than the owner reach only the rows that policies permit. */
  rowSecurity: boolean
  /** The names of the row security policies, which are never applied. */
  policies: readonly string[]
  partitioned: Partitioned | undefined
  /** The partitioned table that holds the rows of this partition. */
  partitionOf: Table | undefined
  view: Node | undefined
  /** For a materialized view: the query that REFRESH runs, and whether the view has been populated. */
  materialized: { readonly query: Node; readonly populated: boolean } | undefined
}

/** PARTITION BY LIST of the column at an index in the row. */
interface Partitioned {
  readonly place: number
  readonly partitions: readonly Partition[]
}

export interface Partition {
  readonly table: Table
  /** The key texts of the values that the partition accepts. */
  readonly keys: ReadonlySet<string>
  holds(row: readonly SqlValue[]): boolean
  /** The indexes of the partition by the corresponding indexes of the partitioned table. */
  readonly indexes: ReadonlyMap<Index, Index>
  /** The foreign keys of the partition by the corresponding foreign keys of the partitioned table. */
  readonly foreignKeys: ReadonlyMap<ForeignKey, ForeignKey>
}

export interface Column {
  name: string
  type: SqlType
  notNull: boolean
  /** The column number, from 1; its index in a row is one less. The number of a dropped column is not reused. */
  readonly attribute: number
  dropped: boolean
  default: Node | undefined
  /** GENERATED … AS IDENTITY: the sequence that supplies the column's values. */
  identity: { readonly sequence: Sequence; readonly always: boolean } | undefined
  /** The expression of GENERATED ALWAYS AS (…) STORED. */
  generated: Node | undefined
}

export interface Check {
  readonly oid: number
  name: string
  readonly expression: Node
  /** The indexes of the columns that the condition reads. */
  readonly places: ReadonlySet<number>
  /**
   * Whether all rows satisfy the constraint. After NOT VALID this is false: rows written before the constraint were not
   * checked.
   */
  validated: boolean
}

export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'

export interface ForeignKey {
  name: string
  readonly oid: number
  readonly table: Table
  /** The partition whose rows the foreign key constrains. Absent if the foreign key constrains all rows of `table`. */
  readonly partition?: Partition
  /** Indexes of the constrained columns in a row. */
  readonly columns: readonly number[]
  readonly referenced: Table
  readonly referencedColumns: readonly number[]
  /** The index of the referenced table that the foreign key uses; replaced when that index is rebuilt. */
  index: Index
  readonly onUpdate: ReferentialAction
  readonly onDelete: ReferentialAction
  readonly matchFull: boolean
  readonly deferrable: boolean
  initiallyDeferred: boolean
  /** False for NOT VALID: rows older than the constraint were not checked. */
  validated: boolean
}

/** Returns the kind of a relation as messages name it. */
export function kindOfRelation({ view, materialized }: Table): 'table' | 'view' | 'materialized view' {
  return materialized !== undefined ? 'materialized view' : view !== undefined ? 'view' : 'table'
}

/** Returns the columns that were not dropped. */
export function columnsOf(table: Table): readonly Column[] {
  return table.columns.filter((column) => !column.dropped)
}
