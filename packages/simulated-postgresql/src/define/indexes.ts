import { createIndex, type IndexColumn, type IndexDefinition } from '../catalogue/indexes.ts'
import { columnNamed, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { resultName } from '../execute/names.ts'
import { rowScope } from '../execute/table-facts.ts'
import { requireCollation } from '../expressions/collation.ts'
import { compileExpression } from '../expressions/compile.ts'
import { addTo } from '../lists.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import { treeText } from '../sql/trees.ts'
import type { Index } from '../storage/model.ts'
import { latestOf } from '../storage/rows.ts'
import { canConflict } from '../storage/unique.ts'
import { visible } from '../storage/visibility.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Rows, SqlType, SqlValue } from '../types/value.ts'

/** Adds an index and inserts the existing rows. Waits for transactions that may create a relation of the same name. */
export function* addIndex(table: Table, index: Index, run: Run): Coroutine {
  yield* run.catalogue.create({ table, index }, run)
  const latest = latestOf(run)
  const seen = new Map<string, (readonly SqlValue[])[]>()
  for (const tuple of table.tuples) {
    const values = index.valuesOf(tuple.values)
    if (values === undefined) continue
    const key = index.keyOf(values)
    addTo(index.entries, key, tuple)
    if (!canConflict(index, values) || !visible(tuple, latest, run.transaction)) continue
    const other = conflictingKey(index, values, key, seen)
    if (other !== undefined) throw notValid(table, index, values, other)
    addTo(seen, key, values)
  }
  run.catalogue.change(table, { indexes: [...table.indexes, index] }, run)
}

export function dropIndexes(table: Table, dropped: readonly Index[], run: Run): void {
  for (const index of dropped) run.catalogue.dropIndex(index, run.transaction.current)
  run.catalogue.change(table, { indexes: table.indexes.filter((each) => !dropped.includes(each)) }, run)
}

function conflictingKey(
  index: Index,
  values: readonly SqlValue[],
  key: string,
  seen: ReadonlyMap<string, Rows>,
): readonly SqlValue[] | undefined {
  const { excludes } = index
  if (excludes === undefined) return seen.get(key)?.[0]
  return [...seen.values()].flat().find((other) => excludes(values, other))
}

function notValid(table: Table, index: Index, values: readonly SqlValue[], other: readonly SqlValue[]): SqlError {
  const place = { schema: table.schema, table: table.name, constraint: index.name }
  const key = index.describe(values)
  return index.excludes === undefined
    ? new SqlError('23505', `could not create unique index "${index.name}"`, {
        detail: `Key ${key} is duplicated.`,
        ...place,
      })
    : new SqlError('23P01', `could not create exclusion constraint "${index.name}"`, {
        detail: `Key ${key} conflicts with key ${index.describe(other)}.`,
        ...place,
      })
}

/** Refuses a unique key without the partition column, because keys are unique only within a partition. */
export function requirePartitionKey(table: Table, places: readonly (number | undefined)[], what: string): void {
  const { partitioned } = table
  if (partitioned === undefined) return
  if (partitioned.partitions.length > 0) throw new NotSupported(`${what} of a table with partitions`)
  if (places.includes(partitioned.place)) return
  throw new SqlError('0A000', 'unique constraint on partitioned table must include all partitioning columns', {
    detail: `${what} constraint on table "${table.name}" lacks column "${table.columns[partitioned.place]?.name}" which is part of the partition key.`,
  })
}

/** Compiles the elements of CREATE INDEX: columns, or expressions over the row. */
export function indexColumns(
  elements: readonly Node[] | undefined,
  table: Table,
  context: Context,
): readonly IndexColumn[] {
  return (elements ?? []).map((node) => {
    const { name, expr, collation, ordering, nulls_ordering, opclass, ...rest } = expectKind(node, 'IndexElem')
    refuseRest('IndexElem', rest)
    const collate = (type: SqlType) => requireCollation(collation && { collname: collation }, type, context.types)
    const order = opclass === undefined ? orderText(ordering === 'SORTBY_DESC', nulls_ordering) : undefined
    if (name !== undefined) {
      const column = columnNamed(table, name)
      collate(column.type)
      return { place: column.attribute - 1, order }
    }
    if (expr === undefined) throw new NotSupported('an empty index element')
    const column = expressionColumn(expr, table, context)
    collate(column.compiled.type)
    return { ...column, order }
  })
}

function expressionColumn(expr: Node, table: Table, context: Context) {
  const compiled = compileExpression(expr, rowScope(table, context))
  return { compiled, text: treeText(expr), displayText: expressionText(expr) }
}

export const conditionOf = (where: Node, table: Table, context: Context): IndexDefinition['condition'] => ({
  compiled: context.condition(where, rowScope(table, context), 'WHERE'),
  text: treeText(where),
})

/** Returns an empty index, compiled for the present types of the columns. */
export function rebuilt(index: Index, table: Table, context: Context, run: Run): Index {
  const { columns, included, orders, expressions } = index
  const condition = index.condition === undefined ? undefined : conditionOf(JSON.parse(index.condition), table, context)
  const column = (place: number | undefined, at: number): IndexColumn =>
    place === undefined
      ? { ...expressionColumn(JSON.parse(expressions[at] ?? ''), table, context), order: orders[at] }
      : { place, order: orders[at] }
  return createIndex(
    {
      ...index,
      columns: columns.map(column),
      included: included.flatMap((place) => (place === undefined ? [] : [{ place, order: undefined }])),
      condition,
    },
    table,
    run.engineFacts,
  )
}

/** Returns the names of an index's columns, from which its own name is made (ChooseIndexColumnNames). */
export function elementNames(elements: readonly Node[]): readonly string[] {
  const names: string[] = []
  for (const node of elements) {
    const { name, expr } = expectKind(node, 'IndexElem')
    const own = name ?? (expr === undefined ? undefined : resultName(expr))
    names.push(firstFree(own === undefined || own === '?column?' ? 'expr' : own, (each) => names.includes(each)))
  }
  return names
}

/**
 * Returns the order of an index column as PostgreSQL prints it. Omits the defaults, by which nulls count as the
 * greatest values.
 */
function orderText(descending: boolean, nulls: string | undefined): string {
  if (nulls === 'SORTBY_NULLS_FIRST' && !descending) return ' NULLS FIRST'
  return `${descending ? ' DESC' : ''}${nulls === 'SORTBY_NULLS_LAST' && descending ? ' NULLS LAST' : ''}`
}

function expressionText(node: Node): string {
  if ('FuncCall' in node)
    return `${namesOf(node.FuncCall.funcname).join('.')}(${(node.FuncCall.args ?? []).map(expressionText).join(', ')})`
  if ('ColumnRef' in node) return namesOf(node.ColumnRef.fields).join('.')
  return '(expression)'
}

/** Returns a name that no relation of the schema has, with a number if needed (ChooseRelationName). */
export function chosenName(base: string, schema: string, { catalogue, own }: Context): string {
  return firstFree(base, (name) => catalogue.relations.isTaken(catalogue.keyOf(schema, name, own), own))
}

export function firstFree(base: string, taken: (name: string) => boolean): string {
  if (!taken(base)) return base
  for (let number = 1; ; number++) if (!taken(`${base}${number}`)) return `${base}${number}`
}
