import { isTemporary } from '../catalogue/catalogue.ts'
import { type Column, kindOfRelation, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { isExtension } from '../functions/extensions.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, fieldsOf, type Node, namesOf } from '../sql/nodes.ts'
import { undefinedType } from '../sql/undefined.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { Wait } from '../storage/wait.ts'
import { enumTypes } from '../types/types.ts'
import { emptyTable } from './create-table.ts'
import type { TableLocker } from './names.ts'
import { isFree, newName, newTypeName } from './names.ts'

export function createEnum(fields: Fields<'CreateEnumStmt'>, context: Context, run: Run): string {
  const { typeName, vals } = fieldsOf('CreateEnumStmt', fields, ['typeName', 'vals'])
  const { types } = context
  const named = newTypeName(namesOf(typeName), context)
  const oid = run.store.nextOid()
  const created = enumTypes(types, { oid, arrayOid: run.store.nextOid(), ...named }, namesOf(vals))
  for (const type of created) types.add(type)
  run.catalogue.enums.set(oid, namesOf(vals))
  run.catalogue.changed(run.transaction.current, () => {
    for (const type of created) types.remove(type.oid)
    run.catalogue.enums.delete(oid)
  })
  return 'CREATE TYPE'
}

/** ALTER TYPE … ADD VALUE or RENAME VALUE: the type is made anew with the same number. */
export function alterEnum(fields: Fields<'AlterEnumStmt'>, context: Context, run: Run): string {
  const {
    typeName,
    oldVal,
    newVal = '',
    newValNeighbor,
    newValIsAfter,
    skipIfNewValExists,
  } = fieldsOf('AlterEnumStmt', fields, [
    'typeName',
    'oldVal',
    'newVal',
    'newValNeighbor',
    'newValIsAfter',
    'skipIfNewValExists',
  ])
  if (oldVal !== undefined) throw new NotSupported('ALTER TYPE RENAME VALUE')
  const name = namesOf(typeName).at(-1) ?? ''
  const { types } = context
  const type = types.named(name)
  const labels = run.catalogue.enums.get(type?.oid ?? 0)
  if (type === undefined) throw undefinedType([undefined, name])
  if (labels === undefined) throw new SqlError('42809', `"${name}" is not an enum`)
  if (labels.includes(newVal)) {
    if (skipIfNewValExists === true) return 'ALTER TYPE'
    throw new SqlError('42710', `enum label "${newVal}" already exists`)
  }
  const at =
    newValNeighbor === undefined ? labels.length : labels.indexOf(newValNeighbor) + (newValIsAfter === true ? 1 : 0)
  const put = (all: readonly string[]): void => {
    for (const each of enumTypes(types, { ...type, schema: type.schema ?? '' }, all)) types.add(each)
    run.catalogue.enums.set(type.oid, all)
  }
  put([...labels.slice(0, at), newVal, ...labels.slice(at)])
  run.catalogue.changed(run.transaction.current, () => put(labels))
  return 'ALTER TYPE'
}

export function createSchema(fields: Fields<'CreateSchemaStmt'>, run: Run): string {
  const { schemaname = '', if_not_exists } = fieldsOf('CreateSchemaStmt', fields, [
    'schemaname',
    'if_not_exists',
    'authrole',
  ])
  const { schemas } = run.catalogue
  if (schemas.has(schemaname)) {
    if (if_not_exists !== true) throw new SqlError('42P06', `schema "${schemaname}" already exists`)
    run.notice('NOTICE', '42P06', `schema "${schemaname}" already exists, skipping`)
    return 'CREATE SCHEMA'
  }
  schemas.add(schemaname)
  run.catalogue.changed(run.transaction.current, () => schemas.delete(schemaname))
  return 'CREATE SCHEMA'
}

export function createExtension(fields: Fields<'CreateExtensionStmt'>, run: Run): string {
  const { extname = '', if_not_exists } = fieldsOf('CreateExtensionStmt', fields, [
    'extname',
    'if_not_exists',
    'options',
  ])
  const { extensions } = run.catalogue
  if (extensions.has(extname)) {
    if (if_not_exists !== true) throw new SqlError('42710', `extension "${extname}" already exists`)
    run.notice('NOTICE', '42710', `extension "${extname}" already exists, skipping`)
    return 'CREATE EXTENSION'
  }
  if (!isExtension(extname)) throw new NotSupported(`the extension ${extname}`)
  extensions.add(extname)
  run.catalogue.changed(run.transaction.current, () => extensions.delete(extname))
  return 'CREATE EXTENSION'
}

export function* createView(
  fields: Fields<'ViewStmt'>,
  context: Context,
  run: Run,
  lock: TableLocker,
): Generator<Wait, string, void> {
  const { view, query, aliases, replace, withCheckOption } = fieldsOf('ViewStmt', fields, [
    'view',
    'query',
    'aliases',
    'replace',
    'withCheckOption',
  ])
  if (query === undefined) throw new NotSupported('CREATE VIEW of nothing')
  if (withCheckOption !== 'NO_CHECK_OPTION') throw new NotSupported('WITH CHECK OPTION')
  const { schema, name } = newName(view, context)
  const replaced = replace === true ? context.catalogue.relation([schema], name, context.own) : undefined
  if (replaced === undefined && !(yield* isFree(schema, name, false, context, run))) return 'CREATE VIEW'
  const plan = context.compilers.query(query, context, undefined)
  if ([...context.tables.keys()].some(isTemporary) && !isTemporary({ schema }))
    throw new NotSupported('a view of a temporary table')
  const names = namesOf(aliases)
  const columns: Column[] = plan.columns.map((column, at) => ({
    name: names[at] ?? column.name,
    type: column.type,
    notNull: false,
    attribute: at + 1,
    dropped: false,
    default: undefined,
    identity: undefined,
    generated: undefined,
  }))
  if (replaced !== undefined) {
    yield* replaceView(replaced, query, columns, context, run, lock)
    return 'CREATE VIEW'
  }
  const created = emptyTable(schema, name, run)
  created.view = query
  created.columns = columns
  run.catalogue.add(created, run.transaction.current)
  return 'CREATE VIEW'
}

/** CREATE OR REPLACE VIEW: another query with the same columns first (view.c, checkViewColumns). */
function* replaceView(
  view: Table | Sequence,
  query: Node,
  columns: Column[],
  context: Context,
  run: Run,
  lock: TableLocker,
): Generator<Wait, void, void> {
  if (!('columns' in view) || kindOfRelation(view) !== 'view')
    throw new SqlError('42809', `"${view.name}" is not a view`)
  if (context.tables.has(view) || context.views.has(view)) throw new NotSupported('a view that reads itself')
  yield* lock(view, 'AccessExclusiveLock')
  if (columns.length < view.columns.length) throw new SqlError('42P16', 'cannot drop columns from view')
  for (const [at, { name, type }] of view.columns.entries()) {
    const column = columns[at]
    if (column === undefined) continue
    if (column.name !== name)
      throw new SqlError('42P16', `cannot change name of view column "${name}" to "${column.name}"`, {
        hint: 'Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.',
      })
    if (column.type.oid !== type.oid || column.type.typmod !== type.typmod || column.type.domain !== type.domain)
      throw new SqlError(
        '42P16',
        `cannot change data type of view column "${name}" from ${context.format(type)} to ${context.format(column.type)}`,
      )
  }
  const before = { view: view.view, columns: view.columns }
  Object.assign(view, { view: query, columns })
  run.store.xidOf(run.backend, run.transaction.current)
  run.catalogue.changed(run.transaction.current, () => Object.assign(view, before))
}
