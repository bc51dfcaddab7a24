import { isTemporary } from '../catalogue/catalogue.ts'
import { kindOfRelation } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { isExtension } from '../functions/extensions.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, fieldsOf, namesOf } from '../sql/nodes.ts'
import { undefinedRelation, undefinedType } from '../sql/undefined.ts'
import type { Wait } from '../storage/wait.ts'
import { enumTypes } from '../types/types.ts'
import { columnNamed } from './constraints.ts'
import { emptyTable } from './create-table.ts'
import type { TableLocker } from './names.ts'
import { isFree, newName, relationOf, viewsOn } from './names.ts'

export function createEnum(fields: Fields<'CreateEnumStmt'>, context: Context, run: Run): string {
  const { typeName, vals } = fieldsOf('CreateEnumStmt', fields, ['typeName', 'vals'])
  const [name = '', schema] = namesOf(typeName).toReversed()
  if (schema === 'pg_temp') throw new NotSupported('a temporary type')
  const { types } = context
  if (types.named(name) !== undefined) throw new SqlError('42710', `type "${name}" already exists`)
  const oid = run.store.nextOid()
  const created = enumTypes(types, { oid, arrayOid: run.store.nextOid(), name }, namesOf(vals))
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
    for (const each of enumTypes(types, { oid: type.oid, arrayOid: type.arrayOid, name }, all)) types.add(each)
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

export function* createView(fields: Fields<'ViewStmt'>, context: Context, run: Run): Generator<Wait, string, void> {
  const { view, query, aliases } = fieldsOf('ViewStmt', fields, ['view', 'query', 'aliases', 'withCheckOption'])
  if (query === undefined) throw new NotSupported('CREATE VIEW of nothing')
  const { schema, name } = newName(view, context)
  if (!(yield* isFree(schema, name, false, context, run))) return 'CREATE VIEW'
  const plan = context.compilers.query(query, context, undefined)
  if ([...context.tables.keys()].some(isTemporary) && !isTemporary({ schema }))
    throw new NotSupported('a view of a temporary table')
  const names = namesOf(aliases)
  const created = emptyTable(schema, name, run)
  created.view = query
  created.columns = plan.columns.map((column, at) => ({
    name: names[at] ?? column.name,
    type: column.type,
    notNull: false,
    attribute: at + 1,
    dropped: false,
    default: undefined,
    identity: undefined,
    generated: undefined,
  }))
  run.catalogue.add(created, run.transaction.current)
  return 'CREATE VIEW'
}

export function* rename(
  fields: Fields<'RenameStmt'>,
  context: Context,
  run: Run,
  lock: TableLocker,
): Generator<Wait, string, void> {
  const {
    renameType,
    relation,
    subname = '',
    newname = '',
    missing_ok,
  } = fieldsOf('RenameStmt', fields, [
    'renameType',
    'relationType',
    'relation',
    'subname',
    'newname',
    'behavior',
    'missing_ok',
  ])
  const { catalogue } = run
  const by = run.transaction.current
  if (renameType === 'OBJECT_INDEX') {
    const found = catalogue.index(context.pathOf(relation?.schemaname), relation?.relname ?? '', context.own)
    const index = found?.table.indexes[found.at]
    if (index === undefined) throw undefinedRelation([relation?.schemaname, relation?.relname ?? ''])
    const before = index.name
    index.name = newname
    catalogue.changed(by, () => {
      index.name = before
    })
    return 'ALTER INDEX'
  }
  if (missing_ok === true && context.table(relation?.schemaname, relation?.relname ?? '') === undefined)
    return 'ALTER TABLE'
  const table = relationOf(relation, context)
  const isView = renameType === 'OBJECT_MATVIEW'
  if (isView && table.materialized === undefined)
    throw new SqlError('42809', `"${table.name}" is not a materialized view`)
  if (!isView && kindOfRelation(table) !== 'table') throw new NotSupported(`RENAME of a ${kindOfRelation(table)}`)
  if (viewsOn(table, context).length > 0) throw new NotSupported('RENAME of what a view reads')
  yield* lock(table, 'AccessExclusiveLock')
  run.store.xidOf(run.backend, by)
  switch (renameType) {
    case 'OBJECT_TABLE':
    case 'OBJECT_MATVIEW':
      if (catalogue.relation([table.schema], newname, context.own) !== undefined)
        throw new SqlError('42P07', `relation "${newname}" already exists`)
      catalogue.rename(table, table.schema, newname, by)
      return isView ? 'ALTER MATERIALIZED VIEW' : 'ALTER TABLE'
    case 'OBJECT_COLUMN': {
      const column = columnNamed(table, subname)
      if (table.columns.some((each) => !each.dropped && each.name === newname))
        throw new SqlError('42701', `column "${newname}" of relation "${table.name}" already exists`)
      if (table.triggers.some((each) => each.when !== undefined))
        throw new NotSupported('RENAME COLUMN of a table with a trigger that has WHEN')
      if (table.checks.length > 0) throw new NotSupported('RENAME COLUMN of a table with CHECK constraints')
      column.name = newname
      catalogue.changed(by, () => {
        column.name = subname
      })
      return 'ALTER TABLE'
    }
    case 'OBJECT_TABCONSTRAINT': {
      const named = [...table.checks, ...table.foreignKeys, ...table.indexes.filter((index) => index.constraint)]
      const found = named.find((each) => each.name === subname)
      if (found === undefined)
        throw new SqlError('42704', `constraint "${subname}" for table "${table.name}" does not exist`)
      found.name = newname
      catalogue.changed(by, () => {
        found.name = subname
      })
      return 'ALTER TABLE'
    }
    default:
      throw new NotSupported(`RENAME of ${(renameType ?? '').replace('OBJECT_', '')}`)
  }
}
