import { existingType } from '../catalogue/catalogue.ts'
import { kindOfRelation, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { QueryPlan, Run } from '../execute/model.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, type Node, refuseRest } from '../sql/nodes.ts'
import type { LockMode } from '../storage/modes.ts'
import type { Coroutine } from '../storage/wait.ts'

export function relationOf(fields: Fields<'RangeVar'> | undefined, context: Context, self?: Table): Table {
  const { schemaname, relname } = readName(fields)
  if (self !== undefined && relname === self.name && (schemaname ?? self.schema) === self.schema) return self
  const table = context.table(schemaname, relname)
  if (table === undefined) throw context.noTable(schemaname, relname)
  if (table.partitionOf !== undefined) throw new NotSupported(`direct access to the partition ${table.name}`)
  return table
}

export function tableOf(fields: Fields<'RangeVar'> | undefined, context: Context, self?: Table): Table {
  const table = relationOf(fields, context, self)
  if (kindOfRelation(table) !== 'table') throw new SqlError('42809', `"${table.name}" is not a table`)
  return table
}

export function newName(fields: Fields<'RangeVar'> | undefined, context: Context): { schema: string; name: string } {
  const { schemaname, relname } = readName(fields)
  if (fields?.relpersistence === 't' || schemaname === 'pg_temp') {
    if (schemaname !== undefined && schemaname !== 'pg_temp')
      throw new SqlError('42P16', 'cannot create temporary relation in non-temporary schema')
    return { schema: context.temporarySchema, name: relname }
  }
  if (schemaname === undefined && /^\s*"?pg_temp\b/i.test(context.setting('search_path') ?? ''))
    throw new NotSupported('an unqualified name while search_path begins with pg_temp')
  return { schema: creationSchema(schemaname, context), name: relname }
}

/** Returns the schema of a new object, by default the first of the search path. */
export function creationSchema(name: string | undefined, { catalogue, own, searchPath }: Context): string {
  const schema = name ?? searchPath.find((each) => each !== 'pg_catalog' && catalogue.hasSchema(each, own))
  if (schema === undefined) throw new SqlError('3F000', 'no schema has been selected to create in')
  if (!catalogue.hasSchema(schema, own)) throw new SqlError('3F000', `schema "${schema}" does not exist`)
  return schema
}

export function newTypeName(names: readonly string[], context: Context): { schema: string; name: string } {
  const [schemaname, relname = ''] = [names.at(-2), names.at(-1)]
  if (schemaname === 'pg_temp') throw new NotSupported('a temporary type')
  const named = newName({ relname, ...(schemaname === undefined ? {} : { schemaname }) }, context)
  const { catalogue, own, types } = context
  // The name must also be new among the types of the schema: the row type of a table has the table's name.
  if (catalogue.typeRows.find(catalogue.keyOf(named.schema, relname, own), own) !== undefined)
    throw existingType(relname)
  if (types.named(relname) !== undefined) throw new NotSupported(`two types named ${relname} in different schemas`)
  return named
}

function readName(fields: Fields<'RangeVar'> | undefined): { schemaname: string | undefined; relname: string } {
  if (fields === undefined) throw new NotSupported('a statement without a name')
  const { schemaname, relname, ...rest } = fields
  refuseRest('RangeVar', rest, ['inh', 'relpersistence'])
  return { schemaname, relname: relname ?? '' }
}

/** Returns the name of a new relation, if it is free. Prevents other transactions from dropping the schema. */
export function* freeName(
  fields: Fields<'RangeVar'> | undefined,
  ifNotExists: boolean,
  context: Context,
  run: Run,
): Coroutine<ReturnType<typeof newName> | undefined> {
  const { schemas } = context.catalogue
  yield* run.lockNamed(() => schemas.find(newName(fields, context).schema, context.own), 'AccessShareLock', 'schema')
  const found = newName(fields, context)
  return isFree(found.schema, found.name, ifNotExists, context, run) ? found : undefined
}

/** Returns true if the transaction sees no relation with this name. */
export function isFree(schema: string, name: string, ifNotExists: boolean, context: Context, run: Run): boolean {
  const { catalogue, own, types } = context
  const type = types.named(name)
  const isComposite = type?.columns !== undefined && type.schema === schema
  if (!isComposite && catalogue.relations.find(catalogue.keyOf(schema, name, own), own) === undefined) return true
  if (!ifNotExists) throw new SqlError('42P07', `relation "${name}" already exists`)
  run.notice('NOTICE', '42P07', `relation "${name}" already exists, skipping`)
  return false
}

/** Locks the tables that the query of a new relation reads, and compiles the query. */
export function* lockedQuery(
  query: Node,
  context: Context,
  run: Run,
): Coroutine<QueryPlan & { readonly tables: ReadonlyMap<Table, LockMode> }> {
  return yield* run.locked(() => {
    const inner = context.with({})
    const plan = inner.compilers.query(query, inner, undefined)
    return { ...plan, tables: inner.tables, writes: undefined, isIdle: true }
  })
}

/** Returns the error for a DROP without CASCADE of an object on which others depend. */
export const hasDependents = (object: string, detail?: string): SqlError =>
  new SqlError('2BP01', `cannot drop ${object} because other objects depend on it`, {
    ...(detail === undefined ? {} : { detail }),
    hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
  })

/** Returns the views that depend on a relation, directly or through plain views. */
export function viewsOn(relation: Table, context: Context): readonly Table[] {
  return context.catalogue.visibleTables(context.own).filter((each) => {
    const query = each.view ?? each.materialized?.query
    if (query === undefined || each === relation) return false
    const inner = context.with({})
    inner.check(() => inner.compilers.query(query, inner, undefined))
    return inner.tables.has(relation)
  })
}
