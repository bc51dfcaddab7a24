import { NotSupported, SqlError } from '../sql/error.ts'
import type { Index, Tuple } from '../storage/model.ts'
import type { RowLock } from '../storage/modes.ts'
import { addTuple, claimRow, endTuple } from '../storage/rows.ts'
import { addEntry, canConflict, findConflict, keyViolation } from '../storage/unique.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlValue } from '../types/value.ts'
import { concurrent, lockToWrite } from './locking.ts'
import type { Run, TableFacts } from './model.ts'

/** Inserts a complete row into the table and its indexes. May wait at an index. */
export function* insertRow(facts: TableFacts, values: readonly SqlValue[], run: Run): Coroutine<Tuple> {
  const tuple = addTuple(run, facts.table, values)
  for (const index of facts.table.indexes) yield* enter(facts, index, tuple, run)
  facts.inserted(tuple, undefined, run)
  return tuple
}

function* enter(facts: TableFacts, index: Index, tuple: Tuple, run: Run): Coroutine {
  const values = index.valuesOf(tuple.values)
  if (values === undefined) return
  // An exclusion constraint adds its entry before it searches for conflicts, so two conflicting transactions may
  // deadlock.
  const entersFirst = index.excludes !== undefined
  if (entersFirst) addEntry(run, facts.table, index, tuple, values)
  if (canConflict(index, values)) {
    if (index.deferrable) oweKeyCheck(facts, index, tuple, values, run)
    else yield* checkKey(facts, index, tuple, values, run)
  }
  if (!entersFirst) addEntry(run, facts.table, index, tuple, values)
}

function* checkKey(facts: TableFacts, index: Index, tuple: Tuple, values: readonly SqlValue[], run: Run): Coroutine {
  const other = yield* findConflict(run, index, values, tuple)
  if (other !== undefined) throw keyViolation(run, facts.table, index, values, other)
}

function oweKeyCheck(facts: TableFacts, index: Index, tuple: Tuple, values: readonly SqlValue[], run: Run): void {
  run.owed.push({
    deferred: run.isDeferred(index),
    constraint: index.name,
    *run(later) {
      if (tuple.xmax !== undefined && !tuple.xmax.aborted) return
      if (tuple.xmin.aborted) return
      yield* checkKey(facts, index, tuple, values, later)
    },
  })
}

/**
 * Waits until a row version may be changed, and returns it. If another transaction has updated the row, returns the
 * next version instead. Undefined if the row must be skipped.
 */
export function* claim(
  facts: TableFacts,
  tuple: Tuple,
  lock: RowLock,
  run: Run,
  verb: 'update' | 'delete',
): Coroutine<Tuple | undefined> {
  const result = yield* claimRow(run, facts.table, tuple, lock)
  switch (result) {
    case 'ok':
      return tuple
    case 'invisible':
    case 'would block':
      return undefined
    case 'self modified':
      if (tuple.xmax !== undefined && tuple.cmax !== run.transaction.commandId)
        throw new SqlError(
          '27000',
          `tuple to be ${verb}d was already modified by an operation triggered by the current command`,
        )
      return undefined
    case 'updated':
    case 'deleted':
      if (run.transaction.isolation !== 'read committed') throw concurrent(result === 'updated' ? 'update' : 'delete')
      if (result === 'updated' && tuple.next !== undefined) return tuple.next
      run.met?.locked.set(tuple.row, undefined)
      return undefined
  }
}

/**
 * Locks the newest version of a row, because a BEFORE trigger must see this version. Undefined if the row is deleted.
 */
export function* claimBefore(facts: TableFacts, tuple: Tuple, lock: RowLock, run: Run): Coroutine<Tuple | undefined> {
  if (tuple.xmax !== undefined && tuple.xmax.transaction === run.transaction && !tuple.xmax.aborted) {
    yield* claim(facts, tuple, lock, run, lock === 'FOR UPDATE' ? 'delete' : 'update')
    return undefined
  }
  return yield* lockToWrite(run, facts.table, tuple, lock)
}

/** Returns the row lock of an update that assigns `facts.assigned`. */
export function assignedLock(facts: TableFacts): RowLock {
  for (const place of facts.assigned) if (facts.keyPlaces.has(place)) return 'FOR UPDATE'
  return 'FOR NO KEY UPDATE'
}

/** Returns the row lock of an update, the stronger one if a referenced key may change. */
export function updateLock(
  facts: TableFacts,
  before: readonly SqlValue[],
  after: readonly SqlValue[],
  run: Run,
): RowLock {
  for (const place of facts.keyPlaces) if (!sameValue(facts, place, before, after, run)) return 'FOR UPDATE'
  return 'FOR NO KEY UPDATE'
}

function sameValue(
  facts: TableFacts,
  place: number,
  before: readonly SqlValue[],
  after: readonly SqlValue[],
  run: Run,
): boolean {
  const a = before[place] ?? null
  const b = after[place] ?? null
  if (a === b) return true
  const column = facts.table.columns[place]
  if (a === null || b === null || column === undefined) return false
  const type = run.types.typeOf(column.type.oid)
  return type.output(a, run) === type.output(b, run)
}

/** Replaces a row version that `claim` returned with a new version, and returns the new version. */
export function* updateRow(
  facts: TableFacts,
  tuple: Tuple,
  values: readonly SqlValue[],
  lock: RowLock,
  run: Run,
): Coroutine<Tuple> {
  const { table } = facts
  if (table.partitioned?.partitions.some(({ holds }) => holds(tuple.values) !== holds(values)) === true)
    throw new NotSupported('a row that moves to another partition')
  const next = addTuple(run, table, values, tuple)
  endTuple(run, table, tuple, lock, next)
  run.met?.assigned.set(next, facts.assigned)
  // If no indexed column changes, PostgreSQL keeps the new version on the same page and adds no index entries (HOT).
  const inPlace = ![...facts.indexedPlaces].some((place) => !sameValue(facts, place, tuple.values, values, run))
  for (const index of table.indexes) {
    const before = index.valuesOf(tuple.values)
    const after = index.valuesOf(values)
    if (after === undefined) continue
    const sameKey = before !== undefined && index.keyOf(before) === index.keyOf(after)
    if (!sameKey || (!inPlace && (index.deferrable || index.excludes !== undefined)))
      yield* enter(facts, index, next, run)
    else if (!inPlace) addEntry(run, table, index, next, after)
    else index.entries.get(index.keyOf(after))?.push(next)
  }
  facts.inserted(next, tuple, run)
  facts.ended(tuple, next, run)
  return next
}

export function deleteRow(facts: TableFacts, tuple: Tuple, run: Run): void {
  endTuple(run, facts.table, tuple, 'FOR UPDATE')
  facts.ended(tuple, undefined, run)
}
