import { isTemporary } from '../catalogue/catalogue.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, fieldsOf, namesOf } from '../sql/nodes.ts'
import type { Wait } from '../storage/wait.ts'
import { emptyTable, newColumn, onCommitOf } from './create-table.ts'
import { insertAll } from './materialized-views.ts'
import { isFree, newName, type TableLocker } from './names.ts'

/** CREATE TABLE … AS and CREATE MATERIALIZED VIEW: a table with the columns and rows of a query. */
export function* createTableAs(
  fields: Fields<'CreateTableAsStmt'>,
  context: Context,
  run: Run,
  lock: TableLocker,
): Generator<Wait, string, void> {
  const { query, into, objtype, if_not_exists } = fieldsOf('CreateTableAsStmt', fields, [
    'query',
    'into',
    'objtype',
    'if_not_exists',
    'is_select_into',
  ])
  const isView = objtype === 'OBJECT_MATVIEW'
  const tag = isView ? 'CREATE MATERIALIZED VIEW' : 'CREATE TABLE AS'
  if (query === undefined || into === undefined || !('SelectStmt' in query))
    throw new NotSupported(`${tag} of this statement`)
  const { rel, colNames, onCommit, skipData } = fieldsOf('IntoClause', into, [
    'rel',
    'colNames',
    'onCommit',
    'skipData',
  ])
  const { schema, name } = newName(rel, context)
  if (!(yield* isFree(schema, name, if_not_exists === true, context, run))) return tag
  const plan = context.compilers.query(query, context, undefined)
  const names = namesOf(colNames)
  if (names.length > plan.columns.length) throw new SqlError('42601', 'too many column names were specified')
  if (isView && [...context.tables.keys()].some(isTemporary))
    throw new SqlError('0A000', 'materialized views must not use temporary tables or views')
  if (isView && [...context.tables.values()].includes('RowExclusiveLock'))
    throw new SqlError('0A000', 'materialized views must not use data-modifying statements in WITH')
  for (const [table, mode] of context.tables) yield* lock(table, mode)
  const rows = skipData === true ? [] : yield* plan.rows(run, undefined)
  const table = emptyTable(schema, name, run)
  table.onCommit = onCommitOf(onCommit, table)
  run.catalogue.add(table, run.transaction.current)
  for (const [at, column] of plan.columns.entries()) newColumn(table, names[at] ?? column.name, column.type, run)
  yield* insertAll(table, rows, context, run)
  if (isView) table.materialized = { query, populated: skipData !== true }
  return skipData === true ? tag : `SELECT ${rows.length}`
}
