import { columnNamed, columnsOf } from '../catalogue/table.ts'
import type { Compiled } from '../expressions/env.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, refuseRest } from '../sql/nodes.ts'
import { treeText } from '../sql/trees.ts'
import type { Index, Tuple } from '../storage/model.ts'
import { lockRow } from '../storage/rows.ts'
import { statusOf } from '../storage/transaction.ts'
import { canConflict, findConflict, isConstraint, lastFreed } from '../storage/unique.ts'
import { visible } from '../storage/visibility.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlValue } from '../types/value.ts'
import { completeRow } from './complete-row.ts'
import { conjuncts } from './conditions.ts'
import { concurrent } from './locking.ts'
import type { JoinedRow, Relation, Rows, Run, TableFacts } from './model.ts'
import { emptyRow, fillSlots } from './rows.ts'
import { evaluating } from './run.ts'
import { addRelation, envOf, isTrue, type QueryScope } from './scope.ts'
import { fireBefore } from './triggers.ts'
import { type Assignment, compileAssignments } from './update.ts'
import { updateLock, updateRow } from './write-rows.ts'

export interface Conflict {
  readonly arbiters: readonly Index[]
  /** Undefined: DO NOTHING. */
  readonly update: { readonly assignments: readonly Assignment[]; readonly where: readonly Compiled[] } | undefined
  readonly scope: QueryScope
  readonly relation: Relation
  readonly excluded: Relation
}

export function compileConflict(
  fields: Fields<'OnConflictClause'>,
  facts: TableFacts,
  scope: QueryScope,
  relation: Relation,
): Conflict {
  const { action, infer, targetList, whereClause, ...rest } = fields
  refuseRest('OnConflictClause', rest)
  const { table } = facts
  const arbiters = infer === undefined ? table.indexes.filter(isConstraint) : inferred(infer, facts)
  if (action === 'ONCONFLICT_UPDATE' && infer === undefined)
    throw new SqlError('42601', 'ON CONFLICT DO UPDATE requires inference specification or constraint name', {
      hint: 'For example, ON CONFLICT (column_name).',
    })
  if (action === 'ONCONFLICT_UPDATE' && arbiters.some(({ excludes }) => excludes !== undefined))
    throw new SqlError('42809', 'ON CONFLICT DO UPDATE not supported with exclusion constraints')
  const excluded = addRelation(scope, 'excluded', columnsOf(table), undefined)
  const update =
    action === 'ONCONFLICT_UPDATE'
      ? {
          assignments: compileAssignments(targetList ?? [], table, scope),
          where: conjuncts(whereClause).map((each) => scope.context.condition(each, scope, 'WHERE')),
        }
      : undefined
  // RETURNING does not see the relation `excluded`.
  scope.relations.splice(scope.relations.indexOf(excluded), 1)
  return { arbiters, update, scope, relation, excluded }
}

function inferred(fields: Fields<'InferClause'>, facts: TableFacts): readonly Index[] {
  const { indexElems, whereClause, conname, ...rest } = fields
  refuseRest('InferClause', rest)
  const { table } = facts
  if (conname !== undefined) {
    const named = table.indexes.find((index) => index.name === conname && index.constraint)
    if (named === undefined)
      throw new SqlError('42704', `constraint "${conname}" for table "${table.name}" does not exist`)
    return [named]
  }
  const wanted = (indexElems ?? []).map((element) => {
    const { name, expr, ...others } = expectKind(element, 'IndexElem')
    refuseRest('IndexElem', others)
    if (name === undefined) return { expression: treeText(expr) }
    return { place: columnNamed(table, name).attribute - 1 }
  })
  const found = table.indexes.filter(
    (index) =>
      index.unique &&
      (!index.partial || (whereClause !== undefined && index.condition === treeText(whereClause))) &&
      index.columns.length === new Set(wanted.map((each) => each.place ?? each.expression)).size &&
      index.columns.every((place, at) =>
        wanted.some((each) => (place === undefined ? each.expression === index.expressions[at] : each.place === place)),
      ),
  )
  if (found.length === 0)
    throw new SqlError('42P10', 'there is no unique or exclusion constraint matching the ON CONFLICT specification')
  return found
}

type Resolved = 'none' | { readonly tuple: Tuple | undefined }

/** Applies the conflict action to the existing row. Returns `none` if no row conflicts any more. */
export function* resolveConflict(
  conflict: Conflict,
  facts: TableFacts,
  values: readonly SqlValue[],
  run: Run,
): Coroutine<Resolved> {
  while (true) {
    const existing = yield* conflicting(conflict, values, run)
    if (existing === undefined) {
      noteFreed(conflict, values, run)
      return 'none'
    }
    noteConflict(conflict, existing, existing, values, run)
    if (conflict.update === undefined) {
      checkVisible(existing, run)
      return { tuple: undefined }
    }
    const result = yield* updateExisting(conflict, facts, existing, values, run)
    if (result !== 'again') return result
    run.met?.conflicts.delete(existing.row)
  }
}

function noteConflict(
  clause: Conflict,
  first: Tuple,
  tuple: Tuple | undefined,
  values: readonly SqlValue[],
  { met }: Run,
): void {
  const others = met?.conflicts.get(first.row)?.proposed.filter((each) => each !== values) ?? []
  met?.conflicts.set(first.row, { clause, first, tuple, proposed: [...others, values] })
}

/** Records rows that would have conflicted with the inserted row, but were deleted or changed by other transactions. */
function noteFreed(clause: Conflict, values: readonly SqlValue[], run: Run): void {
  if (run.met === undefined) return
  for (const index of clause.arbiters) {
    const key = index.valuesOf(values)
    const freed = key === undefined ? undefined : lastFreed(index, key)
    if (freed === undefined) continue
    let newest: Tuple | undefined = freed
    while (newest?.xmax !== undefined && statusOf(newest.xmax) === 'committed') newest = newest.next
    noteConflict(clause, freed, newest, values, run)
  }
}

/**
 * Returns the effect of ON CONFLICT without executing it.
 * @param returned computes the RETURNING row.
 */
export function* previewConflicts(
  conflict: Conflict,
  facts: TableFacts,
  returned: (tuple: Tuple) => Coroutine<readonly SqlValue[]>,
  run: Run,
): Coroutine<Rows> {
  const { arbiters, update } = conflict
  const rows: Rows[number][] = []
  for (const { tuple, proposed } of run.view?.conflicts(facts.table, conflict) ?? []) {
    if (!arbiters.some((index) => isInTheWay(index, proposed, tuple))) continue
    const { number } = tuple.row
    const env = envOf(rowOf(conflict, tuple, proposed), undefined, run)
    if (update === undefined) rows.push([number])
    else if (!(yield* evaluating(() => update.where.every((condition) => isTrue(condition, env)))))
      rows.push([number, false])
    else {
      const values = [...tuple.values]
      yield* evaluating(() => {
        for (const { place, compiled } of update.assignments) values[place] = compiled?.evaluate(env) ?? null
        completeRow(facts, values, run)
      })
      const assigned = update.assignments.map(({ place }) => values[place] ?? null)
      rows.push([number, true, ...assigned, ...(yield* returned({ ...tuple, values }))])
    }
  }
  return rows
}

function isInTheWay(index: Index, proposed: readonly SqlValue[], tuple: Tuple): boolean {
  const [mine, other] = [index.valuesOf(proposed), index.valuesOf(tuple.values)]
  if (mine === undefined || other === undefined || !canConflict(index, mine)) return false
  return index.excludes?.(mine, other) ?? index.keyOf(mine) === index.keyOf(other)
}

/**
 * Returns the first conflicting row. Searches again after a wait at one index, because a conflict may have arisen at
 * another index.
 */
function* conflicting(conflict: Conflict, values: readonly SqlValue[], run: Run): Coroutine<Tuple | undefined> {
  for (let hasWaited = true; hasWaited; ) {
    hasWaited = false
    for (const index of conflict.arbiters) {
      const key = index.valuesOf(values)
      if (key === undefined) continue
      const search = findConflict(run, index, key)
      let found = search.next()
      for (; !found.done; found = search.next()) {
        hasWaited = true
        yield found.value
      }
      if (found.value !== undefined) return found.value
    }
  }
  return undefined
}

/** At repeatable read, the snapshot must show the conflicting row. */
function checkVisible(tuple: Tuple, run: Run): void {
  if (run.transaction.isolation === 'read committed' || tuple.xmin.transaction === run.transaction) return
  if (!visible(tuple, run.snapshot, run.transaction)) throw concurrent('update')
}

function* updateExisting(
  conflict: Conflict,
  facts: TableFacts,
  existing: Tuple,
  proposed: readonly SqlValue[],
  run: Run,
): Coroutine<Resolved | 'again'> {
  const { update } = conflict
  if (update === undefined) throw new NotSupported('ON CONFLICT')
  const changesKey = update.assignments.some(({ place }) => facts.keyPlaces.has(place))
  const locked = yield* lockRow(
    run,
    facts.table,
    existing,
    changesKey ? 'FOR UPDATE' : 'FOR NO KEY UPDATE',
    'wait',
    false,
  )
  if (locked === 'updated' || locked === 'deleted') {
    if (run.transaction.isolation !== 'read committed') throw concurrent(locked === 'updated' ? 'update' : 'delete')
    return 'again'
  }
  if (locked !== 'ok') {
    if (locked === 'invisible' && existing.xmin.transaction === run.transaction)
      throw new SqlError('21000', 'ON CONFLICT DO UPDATE command cannot affect row a second time', {
        hint: 'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.',
      })
    return 'again'
  }
  checkVisible(existing, run)
  const env = envOf(rowOf(conflict, existing, proposed), undefined, run)
  if (!(yield* evaluating(() => update.where.every((condition) => isTrue(condition, env))))) return { tuple: undefined }
  const proposedRow = [...existing.values]
  const assigned = yield* evaluating(() => update.assignments.map(({ compiled }) => compiled?.evaluate(env) ?? null))
  for (const [at, { place }] of update.assignments.entries()) {
    facts.assigned.add(place)
    proposedRow[place] = assigned[at] ?? null
  }
  const values = yield* fireBefore(facts, 'UPDATE', existing.values, proposedRow, run)
  if (values === undefined) return { tuple: undefined }
  completeRow(facts, values, run)
  const lock = updateLock(facts, existing.values, values, run)
  return { tuple: yield* updateRow(facts, existing, values, lock, run) }
}

/** Joins the existing row and the proposed row. */
function rowOf({ scope, relation, excluded }: Conflict, existing: Tuple, proposed: readonly SqlValue[]): JoinedRow {
  const row = emptyRow(scope)
  fillSlots(row.values, relation.columns, existing.values)
  fillSlots(row.values, excluded.columns, proposed)
  relation.system?.place(row.values, existing)
  return row
}
