import type { Context } from '../execute/context.ts'
import { insertOne } from '../execute/insert.ts'
import type { Run } from '../execute/model.ts'
import { compileFacts } from '../execute/table-facts.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, fieldsOf, namesOf } from '../sql/nodes.ts'
import type { Wait } from '../storage/wait.ts'
import { emptyTable, newColumn, onCommitOf } from './create-table.ts'
import { isFree, newName, type TableLocker } from './names.ts'

/** CREATE TABLE … AS: a table with the columns and rows of a query. */
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
  if (objtype !== 'OBJECT_TABLE') throw new NotSupported('CREATE MATERIALIZED VIEW')
  if (query === undefined || into === undefined || !('SelectStmt' in query))
    throw new NotSupported('CREATE TABLE AS of this statement')
  const { rel, colNames, onCommit, skipData } = fieldsOf('IntoClause', into, [
    'rel',
    'colNames',
    'onCommit',
    'skipData',
  ])
  const { schema, name } = newName(rel, context)
  if (!(yield* isFree(schema, name, if_not_exists === true, context, run))) return 'CREATE TABLE AS'
  const plan = context.compilers.query(query, context, undefined)
  const names = namesOf(colNames)
  if (names.length > plan.columns.length) throw new SqlError('42601', 'too many column names were specified')
  for (const [table, mode] of context.tables) yield* lock(table, mode)
  const rows = skipData === true ? [] : yield* plan.rows(run, undefined)
  const table = emptyTable(schema, name, run)
  table.onCommit = onCommitOf(onCommit, table)
  run.catalogue.add(table, run.transaction.current)
  for (const [at, column] of plan.columns.entries()) newColumn(table, names[at] ?? column.name, column.type, run)
  const facts = compileFacts(table, context)
  for (const row of rows) yield* insertOne(facts, [...row], undefined, run)
  return skipData === true ? 'CREATE TABLE AS' : `SELECT ${rows.length}`
}
