import { type Column, columnsOf, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { requireCollation } from '../expressions/collation.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, refuseRest } from '../sql/nodes.ts'
import { assignXid, rewriteColumn } from '../storage/rows.ts'
import type { Coroutine } from '../storage/wait.ts'
import { mapElements } from '../types/array.ts'
import type { TypeDefinition } from '../types/registry.ts'
import { compositeTypes } from '../types/types.ts'
import { type RecordColumn, SqlArray, SqlRecord, type SqlValue } from '../types/value.ts'
import { isFree, newTypeName, viewsOn } from './names.ts'
import { addTypes } from './types.ts'

export function* createComposite(fields: Fields<'CompositeTypeStmt'>, context: Context, run: Run): Coroutine<string> {
  const { typevar, coldeflist, ...rest } = fields
  refuseRest('CompositeTypeStmt', rest)
  const { schemaname, relname = '' } = typevar ?? {}
  const named = newTypeName(schemaname === undefined ? [relname] : [schemaname, relname], context)
  isFree(named.schema, named.name, false, context, run)
  const columns: RecordColumn[] = []
  for (const node of coldeflist ?? []) columns.push(attributeOf(expectKind(node, 'ColumnDef'), columns, context))
  assignXid(run)
  const oid = run.store.nextOid()
  yield* addTypes(compositeTypes(run.catalogue.types, { oid, arrayOid: run.store.nextOid(), ...named }, columns), run)
  return 'CREATE TYPE'
}

function attributeOf(fields: Fields<'ColumnDef'>, others: readonly RecordColumn[], context: Context): RecordColumn {
  const { colname = '', typeName, collClause, ...rest } = fields
  refuseRest('ColumnDef', rest, ['is_local'])
  const type = resolveTypeName(typeName, context)
  requireCollation(collClause, type, context.types)
  if (others.some((each) => each.name === colname))
    throw new SqlError('42701', `column "${colname}" specified more than once`)
  return { name: colname, type }
}

/** ALTER TYPE … ATTRIBUTE: replaces the type under the same oid. */
export function* alterComposite(fields: Fields<'AlterTableStmt'>, context: Context, run: Run): Coroutine<string> {
  const { relation, cmds, ...rest } = fields
  refuseRest('AlterTableStmt', rest, ['objtype'])
  const { schemaname, relname = '' } = relation ?? {}
  const path = schemaname === undefined ? context.searchPath : [schemaname]
  const find = (): TypeDefinition | undefined => {
    const found = context.types.named(relname)
    return found?.kind === 'c' && path.includes(found.schema ?? '') ? found : undefined
  }
  const type = yield* run.lockNamed(find, 'AccessExclusiveLock', 'type')
  if (type?.columns === undefined) throw new SqlError('42P01', `relation "${relname}" does not exist`)
  let columns: readonly RecordColumn[] = type.columns
  const commands = (cmds ?? []).map((node) => expectKind(node, 'AlterTableCmd'))
  const uses = usesOf(type, commands, context)
  for (const each of commands) columns = altered(each, type, columns, context)
  const { altered: open, types } = run.catalogue
  const before = [type, types.typeOf(type.arrayOid)]
  const { oid, arrayOid, name, schema = '' } = type
  for (const each of compositeTypes(types, { oid, arrayOid, name, schema }, columns)) types.add(each)
  const { current } = run.transaction
  assignXid(run)
  for (const { table, column } of uses) convertStored(table, column, columns, type.columns, run)
  const earlier = open.get(type.oid)
  open.set(type.oid, run.transaction)
  run.catalogue.atCommit(current, () => open.delete(type.oid))
  run.catalogue.changed(current, () => {
    for (const each of before) types.add(each)
    if (earlier === undefined) open.delete(type.oid)
  })
  return 'ALTER TYPE'
}

/**
 * Returns the columns that have the composite type. If there are any, refuses commands that change the type of an
 * attribute.
 */
function usesOf(
  type: TypeDefinition,
  commands: readonly Fields<'AlterTableCmd'>[],
  context: Context,
): readonly { readonly table: Table; readonly column: Column }[] {
  const isOf = (oid: number): boolean => oid === type.oid || oid === type.arrayOid
  const does = (subtype: string): boolean => commands.some((each) => each.subtype === subtype)
  const uses = context.catalogue
    .visibleTables(context.own)
    .flatMap((table) => columnsOf(table).flatMap((column) => (isOf(column.type.oid) ? [{ table, column }] : [])))
  for (const { table, column } of uses) {
    if (does('AT_AlterColumnType'))
      throw new SqlError(
        '0A000',
        `cannot alter type "${type.name}" because column "${table.name}.${column.name}" uses it`,
      )
    if (column.default !== undefined) throw new NotSupported('ALTER TYPE of the type of a column with a default')
    const { checks, columns, indexes, triggers } = table
    const isRead =
      checks.length > 0 ||
      triggers.length > 0 ||
      columns.some(({ generated }) => generated !== undefined) ||
      indexes.some(({ partial, columns: places }) => partial || places.includes(undefined)) ||
      viewsOn(table, context).length > 0
    if (isRead && does('AT_DropColumn'))
      throw new NotSupported(`DROP ATTRIBUTE of a type that ${table.name} may read in a condition or a view`)
  }
  for (const other of context.types.all())
    if (other.columns?.some((column) => isOf(column.type.oid)) === true)
      throw new NotSupported(`ALTER TYPE of an attribute of the type ${other.name}`)
  return uses
}

/**
 * Converts the stored values in all row versions, even those that only older snapshots show. No other transaction uses
 * the type before this one ends.
 */
function convertStored(
  table: Table,
  { attribute }: Column,
  columns: readonly RecordColumn[],
  before: readonly RecordColumn[],
  run: Run,
): void {
  const places = columns.map((column) => before.indexOf(column))
  const converted = (value: SqlValue): SqlValue => {
    if (value instanceof SqlArray) return mapElements(value, converted)
    if (!(value instanceof SqlRecord)) return value
    return new SqlRecord(
      columns,
      places.map((place) => value.values[place] ?? null),
    )
  }
  rewriteColumn(table, attribute - 1, ({ values }) => converted(values[attribute - 1] ?? null), run)
}

function altered(
  fields: Fields<'AlterTableCmd'>,
  type: TypeDefinition,
  columns: readonly RecordColumn[],
  context: Context,
): readonly RecordColumn[] {
  const { subtype, name = '', def, ...rest } = fields
  refuseRest('AlterTableCmd', rest, ['behavior'])
  if (subtype === 'AT_AddColumn') {
    const added = attributeOf(expectKind(def, 'ColumnDef'), [], context)
    if (columns.some((each) => each.name === added.name))
      throw new SqlError('42701', `column "${added.name}" of relation "${type.name}" already exists`)
    return [...columns, added]
  }
  if (!columns.some((each) => each.name === name))
    throw new SqlError('42703', `column "${name}" of relation "${type.name}" does not exist`)
  if (subtype === 'AT_DropColumn') return columns.filter((each) => each.name !== name)
  if (subtype !== 'AT_AlterColumnType')
    throw new NotSupported('a form of ALTER TYPE other than ADD, DROP or ALTER ATTRIBUTE')
  const { type: changed } = attributeOf(expectKind(def, 'ColumnDef'), [], context)
  return columns.map((each) => (each.name === name ? { name, type: changed } : each))
}
