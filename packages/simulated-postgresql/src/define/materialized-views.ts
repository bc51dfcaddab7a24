import { columnsOf, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import { insertOne } from '../execute/insert.ts'
import type { Rows, Run } from '../execute/model.ts'
import { compileFacts } from '../execute/table-facts.ts'
import { deleteRow } from '../execute/write-rows.ts'
import { SqlError } from '../sql/error.ts'
import { type Fields, refuseRest } from '../sql/nodes.ts'
import type { Tuple } from '../storage/model.ts'
import { assignXid } from '../storage/rows.ts'
import { nextCommand } from '../storage/transaction.ts'
import { visible } from '../storage/visibility.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlValue } from '../types/value.ts'
import { lockedQuery, relationOf } from './names.ts'
import { empty } from './truncate.ts'

/** REFRESH MATERIALIZED VIEW. With CONCURRENTLY, replaces only the changed rows, while other sessions read. */
export function* refresh(fields: Fields<'RefreshMatViewStmt'>, context: Context, run: Run): Coroutine<string> {
  const { concurrent, skipData, relation, ...rest } = fields
  refuseRest('RefreshMatViewStmt', rest)
  const mode = concurrent === true ? 'ExclusiveLock' : 'AccessExclusiveLock'
  const table = yield* run.lockNamed(() => relationOf(relation, context), mode)
  const { materialized: before } = table
  if (before === undefined) throw new SqlError('0A000', `"${table.name}" is not a materialized view`)
  if (concurrent === true) requireConcurrent(table, before.populated, skipData === true)
  const plan = yield* lockedQuery(before.query, context, run)
  assignXid(run)
  const rows = skipData === true ? [] : yield* plan.rows(run, undefined)
  if (concurrent === true) yield* replaceDiffering(table, rows, context, run)
  else {
    empty(table, run.transaction.current, run.met !== undefined)
    yield* insertAll(table, rows, context, run)
  }
  run.catalogue.change(table, { materialized: { ...before, populated: skipData !== true } }, run)
  return 'REFRESH MATERIALIZED VIEW'
}

function requireConcurrent(table: Table, populated: boolean, skipData: boolean): void {
  if (!populated) throw new SqlError('0A000', 'CONCURRENTLY cannot be used when the materialized view is not populated')
  if (skipData) throw new SqlError('42601', 'REFRESH options CONCURRENTLY and WITH NO DATA cannot be used together')
  if (!table.indexes.some((index) => index.unique && !index.partial && !index.columns.includes(undefined)))
    throw new SqlError('55000', `cannot refresh materialized view "${table.schema}.${table.name}" concurrently`, {
      hint: 'Create a unique index with no WHERE clause on one or more columns of the materialized view.',
    })
}

export function* insertAll(table: Table, rows: Rows, context: Context, run: Run): Coroutine {
  const facts = compileFacts(table, context)
  for (const row of rows) yield* insertOne(facts, [...row], undefined, run)
}

function* replaceDiffering(table: Table, rows: Rows, context: Context, run: Run): Coroutine {
  const columns = columnsOf(table)
  const textOf = (row: readonly SqlValue[]): string =>
    JSON.stringify(
      columns.map(({ type }, at) => {
        const value = row[at] ?? null
        return value === null ? null : run.types.typeOf(type.oid).output(value, run)
      }),
    )
  const old = new Map<string, Tuple>()
  const snapshot = run.latestSnapshot()
  for (const tuple of table.tuples)
    if (visible(tuple, snapshot, run.transaction))
      old.set(textOf(columns.map(({ attribute }) => tuple.values[attribute - 1] ?? null)), tuple)
  const added: (readonly SqlValue[])[] = []
  const met = new Set<string>()
  for (const row of rows) {
    const text = textOf(row)
    if (met.has(text) && !row.includes(null))
      throw new SqlError(
        '21000',
        `new data for materialized view "${table.name}" contains duplicate rows without any null columns`,
      )
    met.add(text)
    if (!old.delete(text)) added.push(row)
  }
  const facts = compileFacts(table, context)
  for (const tuple of old.values()) deleteRow(facts, tuple, run)
  nextCommand(run.transaction)
  yield* insertAll(table, added, context, run)
}
