import { columnsOf } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { requireCollation } from '../expressions/collation.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, fieldsOf } from '../sql/nodes.ts'
import type { Wait } from '../storage/wait.ts'
import type { TypeDefinition } from '../types/registry.ts'
import { compositeTypes } from '../types/types.ts'
import type { RecordColumn } from '../types/value.ts'
import { isFree, newTypeName } from './names.ts'
import { addTypes } from './types.ts'

/** CREATE TYPE … AS (…). */
export function* createComposite(
  fields: Fields<'CompositeTypeStmt'>,
  context: Context,
  run: Run,
): Generator<Wait, string, void> {
  const { typevar, coldeflist } = fieldsOf('CompositeTypeStmt', fields, ['typevar', 'coldeflist'])
  const { schemaname, relname = '' } = typevar ?? {}
  const named = newTypeName(schemaname === undefined ? [relname] : [schemaname, relname], context)
  isFree(named.schema, named.name, false, context, run)
  const columns: RecordColumn[] = []
  for (const node of coldeflist ?? []) columns.push(attributeOf(expectKind(node, 'ColumnDef'), columns, context))
  run.store.xidOf(run.backend, run.transaction.current)
  const oid = run.store.nextOid()
  yield* addTypes(compositeTypes(run.catalogue.types, { oid, arrayOid: run.store.nextOid(), ...named }, columns), run)
  return 'CREATE TYPE'
}

function attributeOf(fields: Fields<'ColumnDef'>, others: readonly RecordColumn[], context: Context): RecordColumn {
  const {
    colname = '',
    typeName,
    collClause,
  } = fieldsOf('ColumnDef', fields, ['colname', 'typeName', 'collClause', 'is_local'])
  const type = resolveTypeName(typeName, context)
  requireCollation(collClause, type, context.types)
  if (others.some((each) => each.name === colname))
    throw new SqlError('42701', `column "${colname}" specified more than once`)
  return { name: colname, type }
}

/** ALTER TYPE … ADD, DROP and ALTER ATTRIBUTE: the type is made anew with the same number. */
export function* alterComposite(
  fields: Fields<'AlterTableStmt'>,
  context: Context,
  run: Run,
): Generator<Wait, string, void> {
  const { relation, cmds } = fieldsOf('AlterTableStmt', fields, ['relation', 'cmds', 'objtype'])
  const { schemaname, relname = '' } = relation ?? {}
  const path = schemaname === undefined ? context.searchPath : [schemaname]
  const find = (): TypeDefinition | undefined => {
    const found = context.types.named(relname)
    return found?.kind === 'c' && path.includes(found.schema ?? '') ? found : undefined
  }
  const type = yield* run.lockNamed(find, 'AccessExclusiveLock', 'type')
  if (type?.columns === undefined) throw new SqlError('42P01', `relation "${relname}" does not exist`)
  for (const table of context.catalogue.visibleTables(context.own))
    for (const column of columnsOf(table))
      if ([type.oid, type.arrayOid].includes(column.type.oid))
        throw new SqlError(
          '0A000',
          `cannot alter type "${relname}" because column "${table.name}.${column.name}" uses it`,
        )
  let columns: readonly RecordColumn[] = type.columns
  for (const node of cmds ?? []) columns = altered(expectKind(node, 'AlterTableCmd'), type, columns, context)
  const { altered: open, types } = run.catalogue
  const before = [type, types.typeOf(type.arrayOid)]
  for (const each of compositeTypes(types, { ...type, schema: type.schema ?? '' }, columns)) types.add(each)
  const { current } = run.transaction
  run.store.xidOf(run.backend, current)
  const earlier = open.get(type.oid)
  open.set(type.oid, run.transaction)
  run.catalogue.atCommit(current, () => open.delete(type.oid))
  run.catalogue.changed(current, () => {
    for (const each of before) types.add(each)
    if (earlier === undefined) open.delete(type.oid)
  })
  return 'ALTER TYPE'
}

function altered(
  fields: Fields<'AlterTableCmd'>,
  type: TypeDefinition,
  columns: readonly RecordColumn[],
  context: Context,
): readonly RecordColumn[] {
  const { subtype, name = '', def } = fieldsOf('AlterTableCmd', fields, ['subtype', 'name', 'def', 'behavior'])
  if (subtype === 'AT_AddColumn') {
    const added = attributeOf(expectKind(def, 'ColumnDef'), [], context)
    if (columns.some((each) => each.name === added.name))
      throw new SqlError('42701', `column "${added.name}" of relation "${type.name}" already exists`)
    return [...columns, added]
  }
  if (!columns.some((each) => each.name === name))
    throw new SqlError('42703', `column "${name}" of relation "${type.name}" does not exist`)
  if (subtype === 'AT_DropColumn') return columns.filter((each) => each.name !== name)
  if (subtype !== 'AT_AlterColumnType') throw new NotSupported('this form of ALTER TYPE')
  const { type: changed } = attributeOf(expectKind(def, 'ColumnDef'), [], context)
  return columns.map((each) => (each.name === name ? { name, type: changed } : each))
}
