import { SqlError } from '../sql/error.ts'
import type { SqlValue } from '../types/value.ts'
import type { Heap, Index, Snapshot, Subtransaction, Transaction, Tuple } from './model.ts'
import { QUEUE_MODE, type RowLock, strongerOrEqual } from './modes.ts'
import type { Store } from './store.ts'
import { statusOf } from './transaction.ts'
import {
  conflictingWriters,
  lockersBeforeUpdate,
  stateForKeyShare,
  stateOf,
  type TupleState,
  visible,
} from './visibility.ts'
import type { Coroutine } from './wait.ts'
import type { Backend } from './waiting.ts'

/** The objects that every change of a row needs. */
export interface Writer {
  readonly store: Store
  readonly backend: Backend
  readonly transaction: Transaction
}

/** Assigns a transaction id to the current part of the transaction, if it has none. Returns the id. */
export const assignXid = ({ store, backend, transaction }: Writer): number => store.xidOf(backend, transaction.current)

/** Returns a snapshot with all commits and all writes of the transaction. */
export const latestOf = ({ store, transaction }: Writer): Snapshot => ({
  commitNumber: store.commits,
  commandId: transaction.commandId + 1,
})

/** Returns the versions that the latest snapshot shows. */
export function latestTuples(heap: Heap, writer: Writer): readonly Tuple[] {
  const latest = latestOf(writer)
  return heap.tuples.filter((tuple) => visible(tuple, latest, writer.transaction))
}

/** Changes a column in all versions, even those that only older snapshots show. */
export function rewriteColumn(
  { tuples }: Heap,
  place: number,
  compute: (tuple: Tuple) => SqlValue,
  { transaction }: Writer,
): void {
  const before = tuples.map((tuple) => ({ tuple, values: tuple.values }))
  for (const { tuple, values } of before) {
    const changed = [...values]
    changed[place] = compute(tuple)
    tuple.values = changed
  }
  transaction.current.undo.push(() => {
    for (const { tuple, values } of before) tuple.values = values
  })
}

export type LockPolicy = 'wait' | 'nowait' | 'skip'

/** Returns the versions that a snapshot shows, in table order. At serializable, marks the table as read. */
export function scan(heap: Heap, snapshot: Snapshot, { store, transaction: own }: Writer): Tuple[] {
  const { reader } = own
  if (reader === undefined) return heap.tuples.filter((tuple) => visible(tuple, snapshot, own))
  store.serializable.readTable(reader, heap)
  return heap.tuples.filter((tuple) => {
    const isVisible = visible(tuple, snapshot, own)
    store.serializable.met(reader, tuple, isVisible, snapshot)
    return isVisible
  })
}

export function lookUp(
  heap: Heap,
  index: Index,
  key: string,
  snapshot: Snapshot,
  { store, transaction: own }: Writer,
): Tuple[] {
  const entries = index.entries.get(key) ?? []
  const { reader } = own
  if (reader === undefined) return entries.filter((tuple) => visible(tuple, snapshot, own))
  store.serializable.readKey(reader, index, key)
  return entries.filter((tuple) => {
    const isVisible = visible(tuple, snapshot, own)
    store.serializable.met(reader, tuple, isVisible, snapshot)
    if (isVisible) store.serializable.readRow(reader, heap, tuple)
    return isVisible
  })
}

export type LockResult = Exclude<TupleState, 'being modified'> | 'would block'

/**
 * Locks a row (heap_lock_tuple). If the result is not `ok`, nothing was locked. With `follows`, also locks later
 * versions, as SELECT FOR UPDATE does (TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS).
 */
export function* lockRow(
  writer: Writer,
  heap: Heap,
  tuple: Tuple,
  lock: RowLock,
  policy: LockPolicy,
  follows: boolean,
): Coroutine<LockResult> {
  const result = yield* untilFree(writer, heap, tuple, lock, policy, follows)
  if (result === 'ok') addLocker(writer, tuple, lock)
  return result
}

function addLocker(writer: Writer, version: Tuple, lock: RowLock): void {
  const { transaction } = writer
  const { row } = version
  row.lockers = row.lockers.filter((each) => statusOf(each.holder) === 'active')
  const mine = row.lockers.some(
    (each) =>
      each.holder.transaction === transaction && strongerOrEqual(each.lock, lock) && isPartOf(transaction, each.holder),
  )
  if (mine) return
  const xid = assignXid(writer)
  const isOne = rawXmax(version) === 0 || row.lockers.every((each) => each.holder === transaction.current)
  const xmax = isOne ? xid : writer.store.nextMultixact()
  show(version, xmax)
  row.lockers.push({ holder: transaction.current, version, lock, since: writer.store.commits })
}

/** Stores the locking transaction in a version and its successors, where the column `xmax` shows it. */
function show(first: Tuple | undefined, locker: number): void {
  for (let version = first; version !== undefined; version = nextOf(version))
    if (version.xmax === undefined) version.cmax = locker
}

const nextOf = ({ xmax, next }: Tuple): Tuple | undefined =>
  xmax === undefined || statusOf(xmax) === 'aborted' ? undefined : next

/** Returns the id that `xmax` shows, even after the transaction has ended (HeapTupleHeaderGetRawXmax). */
export function rawXmax(tuple: Tuple): number {
  const { xmax, cmax, row } = tuple
  if (xmax === undefined) return cmax
  if (statusOf(xmax) !== 'aborted') return xmax.xid
  return row.lockers.findLast(({ version }) => version === tuple)?.holder.xid ?? xmax.xid
}

/** A lock on the replaced version carries over to the new one (heap_update). */
function inheritedXmax(replaced: Tuple | undefined): number {
  if (replaced === undefined || replaced.row.lockers.length === 0) return 0
  return replaced.row.lockers.some(({ holder }) => statusOf(holder) === 'active') ? rawXmax(replaced) : 0
}

function isPartOf(transaction: Transaction, holder: Subtransaction): boolean {
  return holder === transaction.current || holder.parent === undefined
}

/**
 * Waits until the row can be locked, or this version is no longer current. The first waiter locks the row's queue.
 * Later waiters wait for that lock.
 */
function* untilFree(
  writer: Writer,
  heap: Heap,
  tuple: Tuple,
  lock: RowLock,
  policy: LockPolicy,
  follows: boolean,
): Coroutine<LockResult> {
  const { store, backend, transaction } = writer
  // Checks of foreign keys (FOR KEY SHARE) never fail here, because they read the newest rows.
  if (lock !== 'FOR KEY SHARE' && store.failsWithoutNeed(transaction, heap))
    throw new SqlError('40001', 'could not serialize access due to concurrent update')
  const place = {
    tag: tuple,
    name: `tuple (0,${tuple.row.number}) of relation ${heap.oid} of database 5`,
    event: 'tuple',
  }
  const mode = QUEUE_MODE[lock]
  let queued = false
  let waited = false
  try {
    while (true) {
      const find = lock === 'FOR KEY SHARE' ? stateForKeyShare : stateOf
      const state = find(tuple, transaction)
      const { here, later } = conflictingWriters(tuple, lock, transaction)
      const before = state === 'updated' ? lockersBeforeUpdate(tuple, lock, transaction) : []
      // If this version was updated during a wait, `follows` also requires a wait for the open transactions with
      // conflicting locks on later versions. Only then is 'updated' returned.
      const continues = follows && waited && state === 'updated' && here.length + later.length > 0
      if (state !== 'ok' && state !== 'being modified' && !continues && before.length === 0) {
        if (state === 'updated' && follows && waited) show(tuple.next, store.xidOf(backend, transaction.current))
        return state
      }
      const blockers = before.length > 0 ? before : [...here, ...later]
      const own = tuple.row.lockers.filter((each) => each.holder.transaction === transaction && !each.holder.aborted)
      if (blockers.length === 0 || own.some((each) => strongerOrEqual(each.lock, lock))) return 'ok'
      // If only locks on later versions of the row conflict, PostgreSQL waits even with SKIP LOCKED or NOWAIT, and does
      // not join the queue of the row (heap_lock_updated_tuple).
      const isHere = here.length > 0
      if (isHere && policy === 'skip') return 'would block'
      if (isHere && policy === 'nowait')
        throw new SqlError('55P03', `could not obtain lock on row in relation "${heap.name}"`)
      // A transaction that already has a lock on the row does not join the queue, because the transactions in the queue
      // may wait for that lock.
      if (isHere && !queued && own.length === 0) {
        yield* store.waiting.lock(backend, place, mode, transaction.current)
        queued = true
        waited = true
        continue
      }
      waited = true
      for (const blocker of blockers) yield* store.waitForEnd(backend, blocker)
    }
  } finally {
    if (queued) store.locks.release(backend, tuple, mode, transaction.current)
  }
}

/**
 * Waits until the row may be updated (`FOR NO KEY UPDATE`) or deleted. Assigns a transaction id before the wait, as
 * heap_update does.
 */
export function* claimRow(writer: Writer, heap: Heap, tuple: Tuple, lock: RowLock): Coroutine<LockResult> {
  assignXid(writer)
  return yield* untilFree(writer, heap, tuple, lock, 'wait', false)
}

export function addTuple(writer: Writer, heap: Heap, values: readonly SqlValue[], replaced?: Tuple): Tuple {
  const { store, transaction } = writer
  assignXid(writer)
  if (transaction.reader !== undefined && replaced === undefined) store.serializable.inserted(transaction.reader, heap)
  const tuple: Tuple = {
    values,
    row: replaced?.row ?? { number: ++heap.rowsInserted, lockers: [] },
    xmin: transaction.current,
    cmin: transaction.commandId,
    xmax: undefined,
    cmax: inheritedXmax(replaced),
    xmaxLock: 'FOR UPDATE',
    next: undefined,
    readers: undefined,
  }
  heap.tuples.push(tuple)
  return tuple
}

/** Ends a version by a deletion, or by an update to `next`. */
export function endTuple(writer: Writer, heap: Heap, tuple: Tuple, lock: RowLock, next?: Tuple): void {
  const { store, transaction } = writer
  assignXid(writer)
  if (transaction.reader !== undefined) store.serializable.wroteRow(transaction.reader, heap, tuple)
  tuple.xmax = transaction.current
  tuple.cmax = transaction.commandId
  // The version keeps the strongest lock that the transaction has on it (heapam.c, compute_new_xmax_infomask).
  const held = tuple.row.lockers.filter(({ holder }) => holder.transaction === transaction && !holder.aborted)
  tuple.xmaxLock = held.some((each) => each.lock === 'FOR UPDATE') ? 'FOR UPDATE' : lock
  tuple.next = next
  heap.garbage++
}
