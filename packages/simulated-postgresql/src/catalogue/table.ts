import { SqlError } from '../sql/error.ts'
import type { Node } from '../sql/nodes.ts'
import { isSystemColumn, undefinedColumn } from '../sql/system-columns.ts'
import type { Heap, Index } from '../storage/model.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import type { Trigger } from './routine.ts'

export interface Table extends Heap {
  columns: Column[]
  checks: Check[]
  foreignKeys: ForeignKey[]
  /** The triggers in the order of their names. */
  triggers: readonly Trigger[]
  /** What happens to a temporary table at commit; undefined if it keeps its rows. */
  onCommit: 'drop' | 'delete rows' | undefined
  owner: string
  /**
   * Whether ENABLE ROW LEVEL SECURITY applies: a role other than the owner then needs a policy's permission to access
   * rows.
   */
  rowSecurity: boolean
  /** The names of the row security policies, which are never applied. */
  policies: readonly string[]
  partitioned: Partitioned | undefined
  /** For a partition: the partitioned table, which holds the partition's rows. */
  partitionOf: Table | undefined
  view: Node | undefined
  /** The query that REFRESH runs, and whether the view has been populated. */
  materialized: { readonly query: Node; readonly populated: boolean } | undefined
}

/** PARTITION BY LIST. `place` is the index of the partition column in the row. */
interface Partitioned {
  readonly place: number
  readonly partitions: readonly Partition[]
}

export interface Partition {
  readonly table: Table
  readonly keys: ReadonlySet<string>
  holds(row: readonly SqlValue[]): boolean
  readonly indexes: ReadonlyMap<Index, Index>
  readonly foreignKeys: ReadonlyMap<ForeignKey, ForeignKey>
}

export interface Column {
  name: string
  type: SqlType
  notNull: boolean
  /** The column number: the index in a row plus 1. The number of a dropped column is not reused. */
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
  readonly places: ReadonlySet<number>
  /** False after NOT VALID: rows written before the constraint were not checked. */
  validated: boolean
}

export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'

export interface ForeignKey {
  name: string
  readonly oid: number
  readonly table: Table
  /** The partition whose rows the foreign key constrains; absent if it constrains all rows of `table`. */
  readonly partition?: Partition
  readonly columns: readonly number[]
  readonly referenced: Table
  readonly referencedColumns: readonly number[]
  /** The index on the referenced columns. If it is rebuilt, the new index replaces it here. */
  index: Index
  readonly onUpdate: ReferentialAction
  readonly onDelete: ReferentialAction
  readonly matchFull: boolean
  readonly deferrable: boolean
  initiallyDeferred: boolean
  /** False for NOT VALID: rows older than the constraint were not checked. */
  validated: boolean
}

export function kindOfRelation({ view, materialized }: Table): 'table' | 'view' | 'materialized view' {
  return materialized !== undefined ? 'materialized view' : view !== undefined ? 'view' : 'table'
}

export function columnsOf(table: Table): readonly Column[] {
  return table.columns.filter((column) => !column.dropped)
}

/** Returns a column. Throws 42703 if there is none. */
export function columnNamed(table: Table, name: string, inKey = false): Column {
  const column = columnsOf(table).find((each) => each.name === name)
  if (column !== undefined) return column
  throw inKey && !isSystemColumn(name)
    ? new SqlError('42703', `column "${name}" named in key does not exist`)
    : undefinedColumn(name, table)
}
