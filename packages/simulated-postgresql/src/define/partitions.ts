import { keyText } from '../catalogue/keys.ts'
import { type Check, columnNamed, columnsOf, type ForeignKey, type Partition, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { QueryScope } from '../execute/scope.ts'
import { rowScope } from '../execute/table-facts.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, refuseRest } from '../sql/nodes.ts'
import { treeText } from '../sql/trees.ts'
import type { Index } from '../storage/model.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlValue } from '../types/value.ts'
import { tableOf, viewsOn } from './names.ts'

// In this file, a partitioned table holds the rows and the constraints of its partitions. No statement reaches a
// partition by the partition's own name.

/** Applies PARTITION BY LIST of a column. */
export function partitionBy(table: Table, fields: Fields<'PartitionSpec'> | undefined): void {
  if (fields === undefined) return
  const { strategy, partParams, ...rest } = fields
  refuseRest('PartitionSpec', rest)
  const [only, ...others] = partParams ?? []
  if (strategy !== 'PARTITION_STRATEGY_LIST' || only === undefined || others.length > 0)
    throw new NotSupported('PARTITION BY RANGE, PARTITION BY HASH, or PARTITION BY LIST of several columns')
  const { name, ...unread } = expectKind(only, 'PartitionElem')
  refuseRest('PartitionElem', unread)
  if (name === undefined) throw new NotSupported('PARTITION BY LIST of an expression')
  table.partitioned = { place: columnNamed(table, name, true).attribute - 1, partitions: [] }
}

/** ATTACH PARTITION … FOR VALUES IN (…) of an empty table. */
export function* attachPartition(parent: Table, fields: Fields<'PartitionCmd'>, context: Context, run: Run): Coroutine {
  const { name, bound, ...rest } = fields
  refuseRest('PartitionCmd', rest)
  const { partitioned } = parent
  if (partitioned === undefined) throw new SqlError('42809', `"${parent.name}" is not partitioned`)
  const table = yield* run.lockNamed(() => tableOf(name, context), 'AccessExclusiveLock')
  requireAlike(table, parent, context)
  const values = boundValues(bound, parent, context, run)
  requireChecks(table, values, parent, context, run)
  const indexes = new Map(
    parent.indexes.filter((each) => each.ofPartition !== true).map((each) => [each, twin(each, table)]),
  )
  const column = parent.columns[partitioned.place]
  const keyOf = (value: SqlValue): string => (column === undefined ? '' : keyText(value, column.type, run))
  const keys = new Set(values.map(keyOf))
  const holds = (row: readonly SqlValue[]): boolean => keys.has(keyOf(row[partitioned.place] ?? null))
  const foreignKeys = new Map(
    parent.foreignKeys.flatMap((key) => {
      const own = key.partition === undefined && table.foreignKeys.find((each) => shapeOf(each) === shapeOf(key))
      return own ? [[key, own] as const] : []
    }),
  )
  const adopted = new Set(foreignKeys.values())
  const partition: Partition = { table, keys, holds, indexes, foreignKeys }
  for (const other of partitioned.partitions)
    if ([...keys].some((key) => other.keys.has(key)))
      throw new SqlError('42P17', `partition "${table.name}" would overlap partition "${other.table.name}"`)
  for (const each of indexes.keys()) each.partitionAt = (row) => placeOf(each, row, parent)
  const twins = new Set(indexes.values())
  const ownIndexes = table.indexes.filter((each) => !twins.has(each)).map((each) => moved(each, partition))
  const ownKeys = table.foreignKeys
    .filter((key) => !adopted.has(key))
    .map((key): ForeignKey => ({ ...key, oid: run.store.nextOid(), table: parent, partition }))
  run.catalogue.change(
    parent,
    {
      partitioned: { ...partitioned, partitions: [...partitioned.partitions, partition] },
      indexes: [...parent.indexes, ...ownIndexes],
      foreignKeys: [...parent.foreignKeys, ...ownKeys],
    },
    run,
  )
  run.catalogue.change(table, { partitionOf: parent }, run)
}

function boundValues(
  bound: Fields<'PartitionBoundSpec'> | undefined,
  parent: Table,
  context: Context,
  run: Run,
): readonly SqlValue[] {
  const { strategy, listdatums, ...rest } = bound ?? {}
  refuseRest('PartitionBoundSpec', rest)
  const column = parent.columns[parent.partitioned?.place ?? -1]
  if (strategy !== 'l' || column === undefined) throw new NotSupported('a partition without FOR VALUES IN')
  return (listdatums ?? []).map((node: Node) =>
    context
      .assigned(node, new QueryScope(context, undefined), column)
      .evaluate({ row: [], parameters: [], session: run }),
  )
}

/**
 * Requires that both tables have the same columns at the same indexes. Refuses partitions with features that are not
 * simulated.
 */
function requireAlike(table: Table, parent: Table, context: Context): void {
  const refused = (what: string): never => {
    throw new NotSupported(`ATTACH PARTITION of a table ${what}`)
  }
  const same =
    table.columns.length === parent.columns.length &&
    table.columns.every((column, at) => {
      const other = parent.columns[at]
      return (
        other !== undefined &&
        [column.name, column.type.oid, column.type.typmod, column.type.domain, column.notNull].join() ===
          [other.name, other.type.oid, other.type.typmod, other.type.domain, other.notNull].join()
      )
    })
  if (!same) refused('with other columns')
  if (table.tuples.length > 0) refused('that has or had rows')
  if (columnsOf(table).some(({ generated, identity }) => generated !== undefined || identity !== undefined))
    refused('with generated columns')
  if (table.triggers.length > 0 || table.rowSecurity || table.policies.length > 0) refused('with triggers or policies')
  if (table.partitioned !== undefined) refused('that is partitioned itself')
  if (viewsOn(table, context).length > 0) refused('that a view reads')
  if (context.catalogue.referencing(table, context.own).length > 0) refused('that a foreign key refers to')
  for (const { onDelete, onUpdate } of table.foreignKeys)
    if ([onDelete, onUpdate].some((action) => action !== 'restrict' && action !== 'no action'))
      refused('with a foreign key whose ON DELETE or ON UPDATE action changes rows')
}

function twin(index: Index, table: Table): Index {
  const shape = ({
    columns,
    included,
    unique,
    primary,
    method,
    expressions,
    condition,
    nullsNotDistinct,
  }: Index): string =>
    JSON.stringify([columns, included, unique, primary, method, expressions, condition, nullsNotDistinct])
  const found = table.indexes.find((each) => shape(each) === shape(index))
  if (found === undefined) throw new NotSupported(`ATTACH PARTITION of a table without an index like ${index.name}`)
  return found
}

/**
 * Describes a foreign key. If a partition and its table have equal foreign keys, the two count as one
 * (tryAttachPartitionForeignKey).
 */
function shapeOf(key: ForeignKey): string {
  const { columns, referenced, referencedColumns, onUpdate, onDelete, matchFull, deferrable, initiallyDeferred } = key
  const rules = [onUpdate, onDelete, matchFull, deferrable, initiallyDeferred, key.validated]
  return JSON.stringify([columns, referenced.oid, referencedColumns, rules])
}

/**
 * Throws if the partition lacks a CHECK of the partitioned table, or has another CHECK that refuses a value of the
 * partition.
 */
function requireChecks(table: Table, values: readonly SqlValue[], parent: Table, context: Context, run: Run): void {
  const place = parent.partitioned?.place ?? -1
  for (const { name } of parent.checks)
    if (!table.checks.some((each) => each.name === name))
      throw new SqlError('42804', `child table is missing constraint "${name}"`)
  const isImplied = ({ places, expression }: Check): boolean => {
    const condition = context.condition(expression, rowScope(table, context), 'CHECK')
    if ([...places].some((each) => each !== place)) return false
    return values.every((value) => {
      const row: SqlValue[] = []
      row[place] = value
      return condition.evaluate({ row, parameters: [], session: run }) !== false
    })
  }
  const expressionOf = ({ expression }: Check): string => treeText(expression)
  for (const check of table.checks) {
    const whole = parent.checks.find((each) => each.name === check.name)
    if (whole === undefined ? !isImplied(check) : expressionOf(whole) !== expressionOf(check))
      throw new NotSupported(`ATTACH PARTITION of a table with the constraint ${check.name}`)
  }
}

/** Turns an index of a partition into an index of the partitioned table. */
function moved(index: Index, { table, holds }: Partition): Index {
  return {
    ...index,
    partial: true,
    condition: `of ${table.schema}.${table.name}`,
    ofPartition: true,
    partitionAt: () => ({ table, name: index.name }),
    valuesOf: (row) => (holds(row) ? index.valuesOf(row) : undefined),
    entries: new Map(),
    readers: new Map(),
  }
}

function placeOf(
  index: Index,
  row: readonly SqlValue[],
  parent: Table,
): { readonly table: Table; readonly name: string } {
  const partition = parent.partitioned?.partitions.find(({ holds }) => holds(row))
  return partition === undefined
    ? { table: parent, name: index.name }
    : { table: partition.table, name: partition.indexes.get(index)?.name ?? index.name }
}
