import { kindOfRelation, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, fieldsOf } from '../sql/nodes.ts'
import type { LockMode } from '../storage/modes.ts'
import { statusOf } from '../storage/transaction.ts'
import type { Wait } from '../storage/wait.ts'

/** The table that a name means; `self` is one that is being created. */
export function relationOf(fields: Fields<'RangeVar'> | undefined, context: Context, self?: Table): Table {
  const { schemaname, relname } = readName(fields)
  if (self !== undefined && relname === self.name && (schemaname ?? self.schema) === self.schema) return self
  const table = context.table(schemaname, relname)
  if (table === undefined) throw context.noTable(schemaname, relname)
  if (table.partitionOf !== undefined) throw new NotSupported(`the partition ${table.name} by its own name`)
  return table
}

/** The same, of a table that is no view of any kind. */
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
    throw new NotSupported('a name without a schema where search_path begins with pg_temp')
  const schema =
    schemaname ?? context.searchPath.find((each) => each !== 'pg_catalog' && context.catalogue.schemas.has(each))
  if (schema === undefined) throw new SqlError('3F000', 'no schema has been selected to create in')
  if (!context.catalogue.schemas.has(schema)) throw new SqlError('3F000', `schema "${schema}" does not exist`)
  return { schema, name: relname }
}

/** The schema and the name of a type that is about to be created. */
export function newTypeName(names: readonly string[], context: Context): { schema: string; name: string } {
  const [schemaname, relname = ''] = [names.at(-2), names.at(-1)]
  if (schemaname === 'pg_temp') throw new NotSupported('a temporary type')
  const named = newName({ relname, ...(schemaname === undefined ? {} : { schemaname }) }, context)
  const other = context.types.named(relname)
  if (other === undefined) return named
  if (other.schema !== named.schema) throw new NotSupported(`the name ${relname} of types in two schemas`)
  throw new SqlError('42710', `type "${relname}" already exists`)
}

function readName(fields: Fields<'RangeVar'> | undefined): { schemaname: string | undefined; relname: string } {
  if (fields === undefined) throw new NotSupported('a statement without a name')
  const { schemaname, relname } = fieldsOf('RangeVar', fields, ['schemaname', 'relname', 'inh', 'relpersistence'])
  return { schemaname, relname: relname ?? '' }
}

/** Whether the name can be taken. Waits for a transaction that is about to take it. */
export function* isFree(
  schema: string,
  name: string,
  ifNotExists: boolean,
  context: Context,
  run: Run,
): Generator<Wait, boolean, void> {
  const exists =
    context.catalogue.relation([schema], name, context.own) ?? context.catalogue.index([schema], name, context.own)
  if (exists !== undefined) {
    if (!ifNotExists) throw new SqlError('42P07', `relation "${name}" already exists`)
    run.notice('NOTICE', '42P07', `relation "${name}" already exists, skipping`)
    return false
  }
  const rival = context.catalogue.pending(schema, name, run.transaction)
  if (rival === undefined) return true
  yield* run.store.waitForEnd(run.backend, rival)
  if (statusOf(rival) === 'committed')
    throw new SqlError('23505', 'duplicate key value violates unique constraint "pg_type_typname_nsp_index"', {
      detail: `Key (typname, typnamespace)=(${name}, 2200) already exists.`,
      schema: 'pg_catalog',
      table: 'pg_type',
      constraint: 'pg_type_typname_nsp_index',
    })
  return true
}

/** The views that read a relation, also through other views whose rows are not kept. */
export function viewsOn(relation: Table, context: Context): readonly Table[] {
  return context.catalogue.visibleTables(context.own).filter((each) => {
    const query = each.view ?? each.materialized?.query
    if (query === undefined || each === relation) return false
    const inner = context.with({})
    inner.check(() => inner.compilers.query(query, inner, undefined))
    return inner.tables.has(relation) || inner.views.has(relation)
  })
}

export type TableLocker = (table: Table, mode: LockMode) => Generator<Wait, void, void>
