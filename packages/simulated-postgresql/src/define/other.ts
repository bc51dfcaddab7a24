import { isTemporary } from '../catalogue/catalogue.ts'
import { type Column, kindOfRelation, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { isExtension } from '../functions/extensions.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, type Node, namesOf, optionsOf, refuseRest } from '../sql/nodes.ts'
import type { LockMode } from '../storage/modes.ts'
import { assignXid } from '../storage/rows.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { Coroutine } from '../storage/wait.ts'
import { caselessTypes } from '../types/types.ts'
import { emptyTable } from './create-table.ts'
import { freeName, lockedQuery, newName } from './names.ts'
import { addTypes } from './types.ts'

export function* createSchema(fields: Fields<'CreateSchemaStmt'>, run: Run): Coroutine<string> {
  const { schemaname = '', if_not_exists, ...rest } = fields
  refuseRest('CreateSchemaStmt', rest, ['authrole'])
  const { catalogue, transaction } = run
  if (!catalogue.hasSchema(schemaname, transaction))
    yield* catalogue.schemas.insert(schemaname, { oid: run.store.nextOid(), name: schemaname }, run)
  else if (if_not_exists !== true) throw new SqlError('42P06', `schema "${schemaname}" already exists`)
  else run.notice('NOTICE', '42P06', `schema "${schemaname}" already exists, skipping`)
  return 'CREATE SCHEMA'
}

export function* createExtension(fields: Fields<'CreateExtensionStmt'>, run: Run): Coroutine<string> {
  const { extname = '', if_not_exists, options, ...rest } = fields
  refuseRest('CreateExtensionStmt', rest)
  const { extensions } = run.catalogue
  if (extensions.has(extname, run.transaction)) {
    if (if_not_exists !== true) throw new SqlError('42710', `extension "${extname}" already exists`)
    run.notice('NOTICE', '42710', `extension "${extname}" already exists, skipping`)
    return 'CREATE EXTENSION'
  }
  if (!isExtension(extname)) throw new NotSupported(`the extension ${extname}`)
  yield* extensions.insert(extname, extname, run)
  if (extname === 'citext') {
    for (const [name, arg] of optionsOf(options))
      if (name === 'schema' && arg !== undefined && namesOf([arg])[0] !== 'public')
        throw new NotSupported('citext in a schema other than public')
    const numbers = { oid: run.store.nextOid(), arrayOid: run.store.nextOid() }
    yield* addTypes(caselessTypes(run.catalogue.types, { ...numbers, schema: 'public', name: extname }), run)
  }
  return 'CREATE EXTENSION'
}

export function* createView(fields: Fields<'ViewStmt'>, context: Context, run: Run): Coroutine<string> {
  const { view, query, aliases, replace, withCheckOption, ...rest } = fields
  refuseRest('ViewStmt', rest)
  if (query === undefined) throw new NotSupported('CREATE VIEW of nothing')
  if (withCheckOption !== 'NO_CHECK_OPTION') throw new NotSupported('WITH CHECK OPTION')
  const find = (): Table | Sequence | undefined => {
    const { schema, name } = newName(view, context)
    return context.catalogue.relation([schema], name, context.own)
  }
  const replaced = replace === true ? yield* run.lockNamed(find, 'AccessExclusiveLock') : undefined
  const place = replaced ?? (yield* freeName(view, false, context, run))
  if (place === undefined) return 'CREATE VIEW'
  const { schema, name } = place
  const plan = yield* lockedQuery(query, context, run)
  if ([...plan.tables.keys()].some(isTemporary) && !isTemporary({ schema }))
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
    replaceView(replaced, query, columns, plan.tables, context, run)
    return 'CREATE VIEW'
  }
  const created = emptyTable(schema, name, run)
  created.view = query
  created.columns = columns
  yield* run.catalogue.create(created, run)
  return 'CREATE VIEW'
}

/** CREATE OR REPLACE VIEW. The old columns must come first in the new query (view.c, checkViewColumns). */
function replaceView(
  view: Table | Sequence,
  query: Node,
  columns: Column[],
  read: ReadonlyMap<Table, LockMode>,
  context: Context,
  run: Run,
): void {
  if (!('columns' in view) || kindOfRelation(view) !== 'view')
    throw new SqlError('42809', `"${view.name}" is not a view`)
  if (read.has(view)) throw new NotSupported('a view that reads itself')
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
  assignXid(run)
  run.catalogue.change(view, { view: query, columns }, run)
}
