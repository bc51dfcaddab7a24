import type { Locker, Snapshot, Subtransaction, Transaction, Tuple } from './model.ts'
import { type RowLock, rowLocksConflict } from './modes.ts'
import { statusOf } from './transaction.ts'

export function visible(tuple: Tuple, snapshot: Snapshot, own: Transaction): boolean {
  if (!sees(tuple.xmin, tuple.cmin, snapshot, own)) return false
  return tuple.xmax === undefined || !sees(tuple.xmax, tuple.cmax, snapshot, own)
}

function sees(writer: Subtransaction, command: number, snapshot: Snapshot, own: Transaction): boolean {
  if (writer.aborted) return false
  if (writer.transaction === own) return command < snapshot.commandId
  return writer.transaction.state === 'committed' && writer.transaction.commitNumber <= snapshot.commitNumber
}

export type TupleState = 'ok' | 'invisible' | 'self modified' | 'updated' | 'deleted' | 'being modified'

/** Returns the state of a version for a writer (HeapTupleSatisfiesUpdate). */
export function stateOf(tuple: Tuple, own: Transaction): TupleState {
  const inserted = statusOf(tuple.xmin)
  if (inserted === 'aborted') return 'invisible'
  if (inserted === 'active' && (tuple.xmin.transaction !== own || tuple.cmin >= own.commandId)) return 'invisible'
  if (tuple.xmax === undefined) return 'ok'
  switch (statusOf(tuple.xmax)) {
    case 'aborted':
      return 'ok'
    case 'committed':
      return tuple.next === undefined ? 'deleted' : 'updated'
    case 'active':
      if (tuple.xmax.transaction !== own) return 'being modified'
      return tuple.cmax >= own.commandId ? 'self modified' : 'invisible'
  }
}

/** The open transactions that conflict with a row lock. */
export interface Blockers {
  readonly here: readonly Subtransaction[]
  readonly later: readonly Subtransaction[]
}

export function conflictingWriters(tuple: Tuple, lock: RowLock, own: Transaction): Blockers {
  const here: Subtransaction[] = []
  const later: Subtransaction[] = []
  const followed = followedFrom(tuple, lock)
  for (const { holder, version } of conflictingLockers(tuple.row.lockers, lock, own))
    if (followed.has(version)) later.push(holder)
    else if (!replaces(version, tuple)) here.push(holder)
  for (const version of [tuple, ...followed]) {
    const { xmax } = version
    if (xmax === undefined || statusOf(xmax) === 'aborted') break
    if (isOther(xmax, own) && rowLocksConflict(version.xmaxLock, lock)) (version === tuple ? here : later).push(xmax)
  }
  return { here, later }
}

/**
 * Returns the later versions of the row that a lock of the given version also locks: all versions before the first that
 * a committed transaction updated or deleted in conflict with the lock (test_lockmode_for_conflict).
 */
function followedFrom({ next }: Tuple, lock: RowLock): ReadonlySet<Tuple> {
  const followed = new Set<Tuple>()
  for (let version = next; version !== undefined; version = version.next) {
    const { xmax, xmaxLock } = version
    if (xmax !== undefined && statusOf(xmax) === 'committed' && rowLocksConflict(xmaxLock, lock)) break
    followed.add(version)
  }
  return followed
}

/**
 * Returns the holders of conflicting locks that were taken before the commit that replaced this version. Until these
 * holders end, PostgreSQL acts as if no committed transaction had replaced the version (HeapTupleSatisfiesUpdate, for a
 * multixact).
 */
export function lockersBeforeUpdate({ row, xmax }: Tuple, lock: RowLock, own: Transaction): readonly Subtransaction[] {
  const updated = xmax?.transaction.commitNumber ?? 0
  return conflictingLockers(
    row.lockers.filter(({ since }) => since < updated),
    lock,
    own,
  ).map(({ holder }) => holder)
}

function conflictingLockers(lockers: readonly Locker[], lock: RowLock, own: Transaction): readonly Locker[] {
  return lockers.filter((locker) => isOther(locker.holder, own) && rowLocksConflict(locker.lock, lock))
}

function replaces(version: Tuple, older: Tuple): boolean {
  let later = older.next
  while (later !== undefined && later !== version) later = later.next
  return later !== undefined
}

/**
 * Returns the state for FOR KEY SHARE. This lock also covers a new version with the same key (heap_lock_updated_tuple).
 */
export function stateForKeyShare(tuple: Tuple, own: Transaction): TupleState {
  let version = tuple
  while (true) {
    const state = stateOf(version, own)
    const { next } = version
    if (state !== 'updated' || version.xmaxLock !== 'FOR NO KEY UPDATE' || next === undefined)
      return version !== tuple && state === 'invisible' ? 'ok' : state
    version = next
  }
}

function isOther(writer: Subtransaction, own: Transaction): boolean {
  return writer.transaction !== own && statusOf(writer) === 'active'
}

export function isGarbage(tuple: Tuple, horizon: number): boolean {
  if (statusOf(tuple.xmin) === 'aborted') return true
  const ended = tuple.xmax
  return ended !== undefined && statusOf(ended) === 'committed' && ended.transaction.commitNumber <= horizon
}
