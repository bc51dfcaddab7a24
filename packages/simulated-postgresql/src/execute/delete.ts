import { type Fields, fieldsOf } from '../sql/nodes.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { Context } from './context.ts'
import { lockToWrite, stillFulfils } from './locking.ts'
import type { JoinedRow, ModificationPlan, Rows, Run, TableFacts } from './model.ts'
import { executionOf } from './modification.ts'
import { compileReturning, targetTable } from './returning.ts'
import { QueryScope } from './scope.ts'
import { compileWhere, project } from './select.ts'
import { compileFacts } from './table-facts.ts'
import { fireBefore, hasBefore } from './triggers.ts'
import { candidates, compileTarget, type Target } from './update.ts'
import { compileWith } from './with.ts'
import { claim, claimBefore, deleteRow } from './write-rows.ts'

export function compileDelete(
  fields: Fields<'DeleteStmt'>,
  context: Context,
  names: QueryScope | undefined,
): ModificationPlan {
  const { relation, usingClause, whereClause, returningClause, withClause } = fieldsOf('DeleteStmt', fields, [
    'relation',
    'usingClause',
    'whereClause',
    'returningClause',
    'withClause',
  ])
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
      *change(row, run) {
        const deleted = yield* deleteOne(target, facts, row, run)
        return deleted === undefined ? [] : [deleted]
      },
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

function* deleteOne(target: Target, facts: TableFacts, row: JoinedRow, run: Run): Coroutine<JoinedRow | undefined> {
  let current = row
  while (true) {
    const tuple = current.tuples[target.scan.relation.tuple]
    if (tuple === undefined) return undefined
    if (hasBefore(facts, 'DELETE')) {
      const locked = yield* claimBefore(facts, tuple, 'FOR UPDATE', run)
      if (locked === undefined) return undefined
      if (locked !== tuple) {
        current = target.scan.place(current, locked)
        if (!(yield* stillFulfils(target, current, run, undefined))) return undefined
        continue
      }
      if ((yield* fireBefore(facts, 'DELETE', tuple.values, undefined, run)) === undefined) return undefined
    }
    const claimed = yield* claim(facts, tuple, 'FOR UPDATE', run, 'delete')
    if (claimed === 'gone') return undefined
    if (claimed === 'claimed') {
      deleteRow(facts, tuple, run)
      return target.scan.ended(current, tuple)
    }
    const latest = yield* lockToWrite(run, target.scan.table, claimed.latest, 'FOR UPDATE')
    if (latest === undefined) return undefined
    current = target.scan.place(current, latest)
    if (!(yield* stillFulfils(target, current, run, undefined))) return undefined
  }
}
