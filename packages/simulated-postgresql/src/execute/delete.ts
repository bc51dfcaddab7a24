import { type Fields, refuseRest } from '../sql/nodes.ts'
import type { Tuple } from '../storage/model.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Context } from './context.ts'
import type { JoinedRow, ModificationPlan, Rows, Run, TableFacts } from './model.ts'
import { executionOf } from './modification.ts'
import { compileReturning, targetTable } from './returning.ts'
import { QueryScope } from './scope.ts'
import { compileWhere, project } from './select.ts'
import { compileFacts } from './table-facts.ts'
import type { TableScan } from './table-scan.ts'
import { fireBefore, hasBefore } from './triggers.ts'
import { type Attempt, candidates, changeRow, compileTarget } from './update.ts'
import { compileWith } from './with.ts'
import { claim, claimBefore, deleteRow } from './write-rows.ts'

export function compileDelete(
  fields: Fields<'DeleteStmt'>,
  context: Context,
  names: QueryScope | undefined,
): ModificationPlan {
  const { relation, usingClause, whereClause, returningClause, withClause, ...rest } = fields
  refuseRest('DeleteStmt', rest)
  const scope = new QueryScope(context, undefined, names)
  const prepare = compileWith(withClause, scope, fields)
  const table = targetTable(relation, scope)
  const { scan, from } = compileTarget(table, relation?.alias, usingClause, scope)
  const where = compileWhere(whereClause, scope, from)
  const returning = compileReturning(returningClause, scope)
  const facts = compileFacts(table, context)
  const target = { scan, from, where }
  return {
    ...executionOf({
      ...{ prepare, facts, kinds: ['DELETE'], returning },
      find: (run) => candidates(target, scope, run),
      change: (row, run) =>
        changeRow(target, row, run, (current, tuple) => deleteVersion(scan, facts, current, tuple, run)),
      endsVersions: true,
    }),
    *preview(run) {
      yield* prepare(run, undefined)
      const rows = yield* candidates(target, scope, run)
      const preview: Rows[number][] = []
      for (const row of rows) {
        const answer = returning === undefined ? [] : yield* project(returning, row, run, undefined)
        preview.push([row.tuples[scan.relation.tuple]?.row.number ?? null, ...answer])
      }
      return preview
    },
  }
}

export function* deleteVersion(
  scan: TableScan,
  facts: TableFacts,
  row: JoinedRow,
  tuple: Tuple,
  run: Run,
): Coroutine<Attempt> {
  const lock = 'FOR UPDATE'
  if (hasBefore(facts, 'DELETE')) {
    const latest = yield* claimBefore(facts, tuple, lock, run)
    if (latest !== tuple) return { latest, lock }
    if ((yield* fireBefore(facts, 'DELETE', tuple.values, undefined, run)) === undefined) return 'skipped'
  }
  const latest = yield* claim(facts, tuple, lock, run, 'delete')
  if (latest !== tuple) return { latest, lock }
  deleteRow(facts, tuple, run)
  return { row: scan.ended(row, tuple) }
}
