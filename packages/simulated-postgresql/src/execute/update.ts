import { type Column, columnsOf, type Table } from '../catalogue/table.ts'
import type { Compiled } from '../expressions/env.ts'
import { onlyRow } from '../expressions/sublinks.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, refuseRest } from '../sql/nodes.ts'
import { unassignable } from '../sql/system-columns.ts'
import type { Tuple } from '../storage/model.ts'
import type { RowLock } from '../storage/modes.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlValue } from '../types/value.ts'
import { completeRow } from './complete-row.ts'
import type { Context } from './context.ts'
import { compileFrom, type From, scanOf } from './from.ts'
import { lockToWrite, stillFulfils } from './locking.ts'
import type { JoinedRow, ModificationPlan, Rows, Run, TableFacts } from './model.ts'
import { executionOf } from './modification.ts'
import { compileReturning, targetTable } from './returning.ts'
import { emptyRow } from './rows.ts'
import { evaluating } from './run.ts'
import { envOf, QueryScope } from './scope.ts'
import { compileWhere, filtered, project } from './select.ts'
import { compileFacts } from './table-facts.ts'
import type { TableScan } from './table-scan.ts'
import { fireBefore, hasBefore } from './triggers.ts'
import { compileWith } from './with.ts'
import { assignedLock, claim, claimBefore, updateLock, updateRow } from './write-rows.ts'

export interface Assignment {
  readonly place: number
  readonly compiled: Compiled | undefined
}

/** What a statement changes: the rows of the target table that, joined with FROM or USING, satisfy the condition. */
export interface Target {
  readonly scan: TableScan
  readonly from: From
  readonly where: readonly Compiled[]
}

export function compileUpdate(
  fields: Fields<'UpdateStmt'>,
  context: Context,
  names: QueryScope | undefined,
): ModificationPlan {
  const { relation, targetList, whereClause, fromClause, returningClause, withClause, ...rest } = fields
  refuseRest('UpdateStmt', rest)
  const scope = new QueryScope(context, undefined, names)
  const prepare = compileWith(withClause, scope, fields)
  const table = targetTable(relation, scope)
  const { scan, from } = compileTarget(table, relation?.alias, fromClause, scope)
  const assignments = compileAssignments(targetList ?? [], table, scope)
  const where = compileWhere(whereClause, scope, from)
  const returning = compileReturning(returningClause, scope)
  const facts = compileFacts(table, context)
  for (const { place } of assignments) facts.assigned.add(place)
  const target: Target = { scan, from, where }
  return {
    ...executionOf({
      ...{ prepare, facts, kinds: ['UPDATE'], returning },
      find: (run) => candidates(target, scope, run),
      change: (row, run) =>
        changeRow(target, row, run, (current, tuple) => updateVersion(scan, assignments, facts, current, tuple, run)),
      endsVersions: true,
    }),
    *preview(run) {
      yield* prepare(run, undefined)
      const rows: Rows[number][] = []
      for (const row of yield* candidates(target, scope, run)) {
        const tuple = row.tuples[scan.relation.tuple]
        if (tuple === undefined) continue
        const values = yield* evaluating(() => newValues(tuple, assignments, row, run))
        const assigned = assignments.map(({ place }) => values[place] ?? null)
        // A BEFORE trigger may change the row, so the row that RETURNING would return is unknown.
        const returned = hasBefore(facts, 'UPDATE') ? undefined : returning
        if (returned !== undefined) yield* evaluating(() => completeRow(facts, values, run))
        const after = returned && scan.place(row, { ...tuple, values })
        const answer = after === undefined ? [] : yield* project(returned ?? [], after, run, undefined)
        rows.push([tuple.row.number, ...assigned, ...answer])
      }
      return rows
    },
  }
}

/** Compiles the target as the first item of the join. */
export function compileTarget(
  table: Table,
  alias: Fields<'RangeVar'>['alias'],
  others: readonly Node[] | undefined,
  scope: QueryScope,
): { scan: TableScan; from: From } {
  const scan = scanOf(table, alias, scope, true)
  scope.columns = scan.columns
  const from = compileFrom(others ?? [], scope)
  return {
    scan,
    from: {
      conditions: from.conditions,
      scans: [scan, ...from.scans],
      item: {
        columns: scope.columns,
        *extend(run, outer, left) {
          const joined: JoinedRow[] = []
          for (const row of yield* scan.extend(run, outer, left))
            joined.push(...(others === undefined ? [row] : yield* from.item.extend(run, outer, row)))
          return joined
        },
      },
    },
  }
}

export function* candidates(target: Target, scope: QueryScope, run: Run): Coroutine<readonly JoinedRow[]> {
  const rows = yield* target.from.item.extend(run, undefined, emptyRow(scope))
  return yield* filtered(rows, target.where, run, undefined)
}

export function compileAssignments(list: readonly Node[], table: Table, scope: QueryScope): readonly Assignment[] {
  const assignments: Assignment[] = []
  scope.place = 'UPDATE'
  for (const node of list) {
    const target = expectKind(node, 'ResTarget')
    const { name = '', val, ...rest } = target
    refuseRest('ResTarget', rest)
    const column = columnsOf(table).find((each) => each.name === name)
    if (column === undefined) throw unassignable(name, table, (target.location ?? 0) + 1)
    if (val === undefined) throw new NotSupported('an empty assignment')
    if (assignments.some((each) => each.place === column.attribute - 1))
      throw new SqlError('42601', `multiple assignments to same column "${name}"`)
    assignments.push({ place: column.attribute - 1, compiled: assignedValue(val, column, table, scope) })
  }
  return assignments
}

function assignedValue(node: Node, column: Column, table: Table, scope: QueryScope): Compiled | undefined {
  const { context } = scope
  if ('SetToDefault' in node) return compileFacts(table, context).defaults[column.attribute - 1]
  const reference: Partial<Fields<'MultiAssignRef'>> = 'MultiAssignRef' in node ? node.MultiAssignRef : {}
  const { source, colno = 1, ncolumns, ...rest } = reference
  refuseRest('MultiAssignRef', rest)
  if (source !== undefined && 'RowExpr' in source) {
    const value = source.RowExpr.args?.[colno - 1]
    if (value === undefined || source.RowExpr.args?.length !== ncolumns)
      throw new SqlError('42601', 'number of columns does not match number of values')
    return assignedValue(value, column, table, scope)
  }
  if (column.generated !== undefined || column.identity?.always === true)
    throw new SqlError('428C9', `column "${column.name}" can only be updated to DEFAULT`, {
      detail: `Column "${column.name}" is ${column.generated === undefined ? 'an identity column defined as GENERATED ALWAYS' : 'a generated column'}.`,
    })
  if (!('MultiAssignRef' in node)) return context.assigned(node, scope, column)
  if (source === undefined || !('SubLink' in source) || source.SubLink.subselect === undefined)
    throw new SqlError('0A000', 'source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression')
  const subquery = scope.subquery(source.SubLink.subselect)
  const type = subquery.columns[colno - 1]?.type
  if (type === undefined || subquery.columns.length !== ncolumns)
    throw new SqlError('42601', 'number of columns does not match number of values')
  const value: Compiled = {
    type,
    evaluate: (env) => onlyRow(subquery, env)?.[colno - 1] ?? null,
  }
  return context.assignedValue(value, scope, column)
}

function newValues(before: Tuple, assignments: readonly Assignment[], row: JoinedRow, run: Run): SqlValue[] {
  const env = envOf(row, undefined, run)
  const values = [...before.values]
  for (const { place, compiled } of assignments) values[place] = compiled?.evaluate(env) ?? null
  return values
}

/**
 * The outcome of an attempt to change a version: the changed row; or the version to change instead (`latest`), if there
 * is one; or `skipped`, if a trigger skipped the row.
 */
export type Attempt =
  | { readonly row: JoinedRow }
  | { readonly latest: Tuple | undefined; readonly lock: RowLock }
  | 'skipped'

/** Changes a row, or its newest version if another transaction changed it and the condition still holds. */
export function* changeRow(
  target: Target,
  row: JoinedRow,
  run: Run,
  attempt: (row: JoinedRow, tuple: Tuple) => Coroutine<Attempt>,
): Coroutine<readonly JoinedRow[]> {
  const { scan } = target
  let current = row
  while (true) {
    const tuple = current.tuples[scan.relation.tuple]
    if (tuple === undefined) return []
    const changed = yield* attempt(current, tuple)
    if (changed === 'skipped') return []
    if ('row' in changed) return [changed.row]
    const latest = changed.latest && (yield* lockToWrite(run, scan.table, changed.latest, changed.lock))
    if (latest === undefined) return []
    current = scan.place(current, latest)
    if (!(yield* stillFulfils(target, current, run, undefined))) return []
  }
}

export function* updateVersion(
  scan: TableScan,
  assignments: readonly Assignment[],
  facts: TableFacts,
  row: JoinedRow,
  tuple: Tuple,
  run: Run,
): Coroutine<Attempt> {
  if (hasBefore(facts, 'UPDATE')) {
    // The trigger must see the newest version of the row, so this version is locked first.
    const latest = yield* claimBefore(facts, tuple, assignedLock(facts), run)
    if (latest !== tuple) return { latest, lock: assignedLock(facts) }
  }
  const proposed = yield* evaluating(() => newValues(tuple, assignments, row, run))
  const values = yield* fireBefore(facts, 'UPDATE', tuple.values, proposed, run)
  if (values === undefined) return 'skipped'
  yield* evaluating(() => completeRow(facts, values, run))
  const lock = updateLock(facts, tuple.values, values, run)
  const latest = yield* claim(facts, tuple, lock, run, 'update')
  return latest === tuple
    ? { row: scan.place(row, yield* updateRow(facts, tuple, values, lock, run)) }
    : { latest, lock }
}
