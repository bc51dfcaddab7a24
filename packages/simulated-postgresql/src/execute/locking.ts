import type { Compiled, Env } from '../expressions/env.ts'
import { errorAt, NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Node, refuseRest } from '../sql/nodes.ts'
import type { Heap, Tuple } from '../storage/model.ts'
import type { RowLock } from '../storage/modes.ts'
import { type LockPolicy, lockRow } from '../storage/rows.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { From } from './from.ts'
import type { JoinedRow, Run } from './model.ts'
import { evaluating } from './run.ts'
import { envOf, isTrue, type QueryScope } from './scope.ts'

/** The row lock of a clause such as FOR UPDATE, for some or all tables of the query. */
export interface Locking {
  readonly lock: RowLock
  readonly policy: LockPolicy
  readonly tables: readonly string[] | undefined
}

const STRENGTHS: Readonly<Record<string, RowLock>> = {
  LCS_FORKEYSHARE: 'FOR KEY SHARE',
  LCS_FORSHARE: 'FOR SHARE',
  LCS_FORNOKEYUPDATE: 'FOR NO KEY UPDATE',
  LCS_FORUPDATE: 'FOR UPDATE',
}

export function compileLocking(clause: readonly Node[] | undefined, scope: QueryScope): readonly Locking[] {
  return (clause ?? []).map((node) => {
    const { lockedRels, strength, waitPolicy, ...rest } = expectKind(node, 'LockingClause')
    refuseRest('LockingClause', rest)
    const lock = STRENGTHS[strength ?? '']
    if (lock === undefined) throw new NotSupported(strength ?? 'a locking clause')
    const tables = lockedRels?.map((each) => {
      const { relname = '', schemaname, location, ...others } = expectKind(each, 'RangeVar')
      refuseRest('RangeVar', others)
      if (schemaname !== undefined) throw errorAt(location, '42601', `${lock} must specify unqualified relation names`)
      return relname
    })
    for (const relation of scope.relations) {
      if (tables !== undefined ? !tables.includes(relation.alias) : false) continue
      if (relation.table?.materialized !== undefined)
        throw new SqlError('42809', `cannot lock rows in materialized view "${relation.table.name}"`)
      if (relation.table !== undefined) scope.context.locks(relation.table, 'RowShareLock')
      else if (tables === undefined || tables.includes(relation.alias))
        throw new NotSupported(`${lock} of a subquery in FROM`)
    }
    for (const node of lockedRels ?? []) {
      const { relname, location } = expectKind(node, 'RangeVar')
      if (!scope.relations.some((relation) => relation.alias === relname))
        throw errorAt(location, '42P01', `relation "${relname}" in ${lock} clause not found in FROM clause`)
    }
    const policy = waitPolicy === 'LockWaitSkip' ? 'skip' : waitPolicy === 'LockWaitError' ? 'nowait' : 'wait'
    return { lock, policy, tables }
  })
}

export interface Locked {
  readonly scope: QueryScope
  readonly from: From
  readonly where: readonly Compiled[]
  readonly locking: readonly Locking[]
}

/**
 * Locks rows in their order, until LIMIT is reached. A row that changed concurrently must satisfy the conditions again.
 */
export function* lockRows(
  plan: Locked,
  rows: readonly JoinedRow[],
  { offset, count }: { readonly offset: number; readonly count: number },
  run: Run,
  outer: Env | undefined,
): Coroutine<readonly JoinedRow[]> {
  const locked: JoinedRow[] = []
  for (const row of rows) {
    if (locked.length >= offset + count) break
    const current = yield* lockOne(plan, row, run, outer)
    if (current !== undefined) locked.push(current)
  }
  return locked.slice(offset)
}

export function* lockOne(
  plan: Locked,
  row: JoinedRow,
  run: Run,
  outer: Env | undefined,
): Coroutine<JoinedRow | undefined> {
  if (run.view !== undefined) return row
  let current = row
  let changed = false
  for (const scan of plan.from.scans) {
    const tuple = current.tuples[scan.relation.tuple]
    if (tuple === undefined) continue
    for (const { lock, policy, tables } of plan.locking) {
      if (tables !== undefined && !tables.includes(scan.relation.alias)) continue
      const latest = yield* lockLatest(run, scan.table, tuple, lock, policy)
      if (latest === undefined) return undefined
      if (latest === current.tuples[scan.relation.tuple]) continue
      changed = true
      current = scan.place(current, latest)
    }
  }
  if (!changed) return current
  const again = yield* stillFulfils(plan, current, run, outer)
  return again ? current : undefined
}

/** EvalPlanQual: evaluates the conditions on the newest version of a row. */
export function* stillFulfils(
  plan: { readonly from: From; readonly where: readonly Compiled[] },
  row: JoinedRow,
  run: Run,
  outer: Env | undefined,
): Coroutine<boolean> {
  const env = envOf(row, outer, run)
  return yield* evaluating(
    () =>
      plan.from.conditions.every((condition) => isTrue(condition, env)) &&
      plan.where.every((condition) => isTrue(condition, env)),
  )
}

/** Locks the newest version of a row, as SELECT FOR UPDATE does; undefined if there is none, or if it is skipped. */
export const lockLatest = (
  run: Run,
  heap: Heap,
  tuple: Tuple,
  lock: RowLock,
  policy: LockPolicy,
): Coroutine<Tuple | undefined> => lockNewest(run, heap, tuple, lock, policy, true)

/** Locks the newest version of a row before a write; undefined if the row is deleted. */
export const lockToWrite = (run: Run, heap: Heap, tuple: Tuple, lock: RowLock): Coroutine<Tuple | undefined> =>
  lockNewest(run, heap, tuple, lock, 'wait', false)

function* lockNewest(
  run: Run,
  heap: Heap,
  tuple: Tuple,
  lock: RowLock,
  policy: LockPolicy,
  follows: boolean,
): Coroutine<Tuple | undefined> {
  let current = tuple
  while (true) {
    const result = yield* lockRow(run, heap, current, lock, policy, follows)
    switch (result) {
      case 'ok':
        run.met?.locked.set(current.row, current)
        return current
      case 'updated':
      case 'deleted':
        if (run.transaction.isolation !== 'read committed') throw concurrent('update')
        if (result === 'deleted' || current.next === undefined) {
          run.met?.locked.set(current.row, undefined)
          return undefined
        }
        current = current.next
        break
      case 'would block':
        run.met?.skipped.add(current.row)
        return undefined
      case 'invisible':
      case 'self modified':
        return undefined
    }
  }
}

export function concurrent(what: 'update' | 'delete'): SqlError {
  return new SqlError('40001', `could not serialize access due to concurrent ${what}`)
}
