import { isTemporary, undefinedTable } from '../catalogue/catalogue.ts'
import { kindOfRelation, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { isExtension } from '../functions/extensions.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, fieldsOf, namesOf } from '../sql/nodes.ts'
import type { Wait } from '../storage/wait.ts'
import { columnNamed } from './constraints.ts'
import { emptyTable } from './create-table.ts'
import { freeName, isFree, lockedQuery, relationOf, viewsOn } from './names.ts'

export function* createSchema(fields: Fields<'CreateSchemaStmt'>, run: Run): Generator<Wait, string, void> {
  const { schemaname = '', if_not_exists } = fieldsOf('CreateSchemaStmt', fields, [
    'schemaname',
    'if_not_exists',
    'authrole',
  ])
  const { catalogue, transaction } = run
  if (!catalogue.hasSchema(schemaname, transaction))
    yield* catalogue.schemas.insert(schemaname, { oid: run.store.nextOid(), name: schemaname }, run)
  else if (if_not_exists !== true) throw new SqlError('42P06', `schema "${schemaname}" already exists`)
  else run.notice('NOTICE', '42P06', `schema "${schemaname}" already exists, skipping`)
  return 'CREATE SCHEMA'
}

export function* createExtension(fields: Fields<'CreateExtensionStmt'>, run: Run): Generator<Wait, string, void> {
  const { extname = '', if_not_exists } = fieldsOf('CreateExtensionStmt', fields, [
    'extname',
    'if_not_exists',
    'options',
  ])
  const { extensions } = run.catalogue
  if (extensions.has(extname, run.transaction)) {
    if (if_not_exists !== true) throw new SqlError('42710', `extension "${extname}" already exists`)
    run.notice('NOTICE', '42710', `extension "${extname}" already exists, skipping`)
    return 'CREATE EXTENSION'
  }
  if (!isExtension(extname)) throw new NotSupported(`the extension ${extname}`)
  yield* extensions.insert(extname, extname, run)
  return 'CREATE EXTENSION'
}

export function* createView(fields: Fields<'ViewStmt'>, context: Context, run: Run): Generator<Wait, string, void> {
  const { view, query, aliases } = fieldsOf('ViewStmt', fields, ['view', 'query', 'aliases', 'withCheckOption'])
  if (query === undefined) throw new NotSupported('CREATE VIEW of nothing')
  const free = yield* freeName(view, false, context, run)
  if (free === undefined) return 'CREATE VIEW'
  const { schema, name } = free
  const plan = yield* lockedQuery(query, context, run)
  if ([...plan.tables.keys()].some(isTemporary) && !isTemporary({ schema }))
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
  yield* run.catalogue.create(created, run)
  return 'CREATE VIEW'
}

export function* rename(fields: Fields<'RenameStmt'>, context: Context, run: Run): Generator<Wait, string, void> {
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
  if (renameType === 'OBJECT_INDEX') return yield* renameIndex(relation, newname, missing_ok === true, context, run)
  if (missing_ok === true && context.table(relation?.schemaname, relation?.relname ?? '') === undefined) {
    run.notice('NOTICE', '00000', `relation "${relation?.relname}" does not exist, skipping`)
    return 'ALTER TABLE'
  }
  const table = yield* run.lockNamed(() => relationOf(relation, context), 'AccessExclusiveLock')
  const isView = renameType === 'OBJECT_MATVIEW'
  if (isView && table.materialized === undefined)
    throw new SqlError('42809', `"${table.name}" is not a materialized view`)
  if (!isView && kindOfRelation(table) !== 'table') throw new NotSupported(`RENAME of a ${kindOfRelation(table)}`)
  if (viewsOn(table, context).length > 0) throw new NotSupported('RENAME of what a view reads')
  run.store.xidOf(run.backend, by)
  switch (renameType) {
    case 'OBJECT_TABLE':
    case 'OBJECT_MATVIEW':
      isFree(table.schema, newname, false, context, run)
      yield* catalogue.rename(table, newname, run)
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
    case 'OBJECT_TABCONSTRAINT':
      yield* renameConstraint(table, subname, newname, run)
      return 'ALTER TABLE'
    default:
      throw new NotSupported(`RENAME of ${(renameType ?? '').replace('OBJECT_', '')}`)
  }
}

function* renameIndex(
  relation: Fields<'RangeVar'> | undefined,
  name: string,
  missingOk: boolean,
  context: Context,
  run: Run,
): Generator<Wait, string, void> {
  const { schemaname, relname = '' } = relation ?? {}
  const { catalogue } = run
  const path = schemaname === undefined ? context.searchPath : [schemaname]
  yield* run.lockNamed(() => catalogue.index(path, relname, context.own)?.index, 'ShareUpdateExclusiveLock')
  const found = catalogue.index(path, relname, context.own)
  if (found !== undefined) {
    isFree(found.table.schema, name, false, context, run)
    yield* catalogue.rename(found, name, run)
  } else if (missingOk) run.notice('NOTICE', '00000', `relation "${relname}" does not exist, skipping`)
  else throw undefinedTable(relname)
  return 'ALTER INDEX'
}

function* renameConstraint(table: Table, old: string, name: string, run: Run): Generator<Wait, void, void> {
  const { catalogue, transaction } = run
  const named = [...table.checks, ...table.foreignKeys, ...table.indexes.filter((index) => index.constraint)]
  const found = named.find((each) => each.name === old)
  if (found === undefined) throw new SqlError('42704', `constraint "${old}" for table "${table.name}" does not exist`)
  const row = 'entries' in found ? catalogue.indexByOid(found.oid, transaction) : undefined
  if (row !== undefined) {
    yield* catalogue.rename(row, name, run)
    return
  }
  found.name = name
  catalogue.changed(transaction.current, () => {
    found.name = old
  })
}
