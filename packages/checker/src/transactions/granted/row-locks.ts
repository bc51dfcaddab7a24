import type { RowLock, TransactionNote, ValueId } from '@chaosproxy/history'
import { NEVER } from '../../encoding/encoded.ts'
import { countBelow } from '../../search/halving.ts'
import { keyText } from '../explanation/words.ts'
import { ABORTED, ADD, READ, type TransactionRecord, UNKNOWN } from '../record/record.ts'
import { sumOf } from '../record/sum.ts'

interface CellVersion {
  /** The last micro-operation that wrote the version. */
  readonly row: number
  /** The value, as an id; UNKNOWN if only the server knows it. */
  readonly value: number
  /** The sum that the transaction added to the previous version; undefined if the transaction replaced the value. */
  readonly change: number | undefined
}

/** The last write of a transaction to a cell, and its row lock. */
export interface CellWrite extends CellVersion {
  readonly transaction: number
  /** The row lock of this write. Undefined if no answer shows when the transaction acquired it. */
  readonly lock: RowLock | undefined
  /** When the transaction began, and when its commit was acknowledged. Infinity without an acknowledgement. */
  readonly began: number
  readonly acknowledged: number
}

export const notesOf = ({ history, length }: TransactionRecord): readonly (TransactionNote | undefined)[] =>
  Array.from({ length }, (_, t) => history.transactionNotes?.get(history.operations.returnLine[t]))

export function writesOf(
  record: TransactionRecord,
  notes: readonly (TransactionNote | undefined)[],
): readonly (readonly CellWrite[])[] {
  const { history, length, status, completed } = record
  const { callTime, returnTime } = history.operations
  const writes: CellWrite[][] = Array.from(record.keys, () => [])
  const rowNames = Array.from(record.keys, (_, k) => rowOfCell(keyText(record, k)))
  for (let t = 0; t < length; t++) {
    if (status[t] === ABORTED) continue
    const locks = new Map(notes[t]?.locks.map((lock) => [lock.row, lock]))
    for (const [k, version] of versionsBy(record, t))
      writes[k].push({
        ...{ ...version, transaction: t, lock: locks.get(rowNames[k]), began: callTime[t] },
        acknowledged: completed[t] === NEVER ? Number.POSITIVE_INFINITY : returnTime[t],
      })
  }
  return writes
}

/**
 * Returns, for each cell, the last version that transaction `t` wrote. If the server computed the value, the value is
 * taken from a later read of the same transaction, if there is one.
 */
function versionsBy(record: TransactionRecord, t: number): ReadonlyMap<number, CellVersion> {
  const { history, starts, kind, key, value } = record
  const versions = new Map<number, CellVersion>()
  for (let row = starts[t]; row < starts[t + 1]; row++) {
    const before = versions.get(key[row])
    if (kind[row] === READ) {
      if (before?.value === UNKNOWN && value[row] !== UNKNOWN) versions.set(key[row], { ...before, value: value[row] })
      continue
    }
    if (kind[row] !== ADD) {
      versions.set(key[row], { row, value: value[row], change: undefined })
      continue
    }
    const { value: known, change } = before ?? { value: UNKNOWN, change: 0 }
    const added = changeOf(record, row)
    versions.set(key[row], {
      row,
      value: sumOf(history, known, added),
      change: change === undefined ? undefined : change + added,
    })
  }
  return versions
}

/** Returns the number that an ADD adds. NaN if it is no number; every sum is then unknown. */
export function changeOf({ history, value }: TransactionRecord, row: number): number {
  const change = history.values.json(value[row] as ValueId)
  return typeof change === 'number' ? change : Number.NaN
}

/** Returns the row of a cell: `accounts/7` for `accounts/7/balance`. */
export const rowOfCell = (cell: string): string => cell.slice(0, Math.max(0, cell.lastIndexOf('/')))

/** The writes of one cell in an order that the row locks allow. */
export interface LockOrder {
  readonly writes: readonly CellWrite[]
  /** By write: 1 or 0. Every allowed order contains the writes marked 1 in the same sequence. */
  readonly isCertain: Uint8Array
  /** Two transactions that held the row lock at the same time, so that the order is unknown. */
  readonly overlap: readonly [CellWrite, CellWrite] | undefined
}

/**
 * Orders the writes of a cell. A transaction that writes a row locks it until the commit. It certainly holds the lock
 * from the answer to its first statement that writes the row until it sends the commit. These intervals of two
 * transactions cannot overlap. A statement that is a transaction by itself held the lock at some time before its
 * answer.
 */
export function lockOrder(all: readonly CellWrite[]): LockOrder {
  const writes = inOrderOf(all)
  const isCertain = new Uint8Array(writes.length)
  let last: CellWrite | undefined
  /** The write whose lock interval ends last. */
  let longest: CellWrite | undefined
  let overlap: LockOrder['overlap']
  writes.forEach((write, at) => {
    const { lock } = write
    if (lock === undefined) return
    const isHeld = isHeldOf(write)
    if (longest?.lock !== undefined && isHeld && lock.from < longest.lock.to) overlap ??= [longest, write]
    if (isHeld && (longest?.lock === undefined || longest.lock.to < lock.to)) longest = write
    if (last !== undefined && !isSurelyBefore(last, write)) return
    isCertain[at] = 1
    last = write
  })
  return { writes, isCertain, overlap }
}

/**
 * Returns the writes in an order that agrees with `isSurelyBefore`. Places a write without a lock interval before the
 * first lock interval that began after the write was requested.
 */
function inOrderOf(all: readonly CellWrite[]): readonly CellWrite[] {
  const held = Float64Array.from(all.filter(isHeldOf), gotBy).sort()
  const placed = all.map((write) => {
    const before = countBelow(held, isHeldOf(write) ? gotBy(write) : heldUntil(write))
    return { write, at: isHeldOf(write) ? 2 * before + 1 : 2 * before }
  })
  placed.sort((a, b) => a.at - b.at || heldUntil(a.write) - heldUntil(b.write) || gotBy(a.write) - gotBy(b.write))
  return placed.map(({ write }) => write)
}

const isHeldOf = ({ lock }: CellWrite): boolean => lock !== undefined && lock.from < lock.to

const isSurelyBefore = (one: CellWrite, other: CellWrite): boolean =>
  one.lock !== undefined && other.lock !== undefined && other.lock.to > one.lock.from && one.lock.to <= other.lock.from

const gotBy = ({ lock, began }: CellWrite): number => lock?.from ?? began
const heldUntil = ({ lock, began }: CellWrite): number => lock?.to ?? began

/** When a reading transaction began and ended, by the clock of the recording. */
export interface ReadTimes {
  readonly began: number
  readonly ended: number
}

/**
 * Finds the writes of a cell that a transaction may have seen, as places in the order of the writes. -1 is the value
 * before all writes. A write may have been seen if its transaction began before the reading transaction ended. If
 * `isFresh` (reads see every acknowledged commit, as on a single server), a write was not seen if a later write
 * replaced it before the read: the later write certainly follows it, and was acknowledged before the reading
 * transaction began.
 */
export class Visible {
  readonly #order: LockOrder
  readonly #isFresh: boolean
  /**
   * By place in the order of the writes, over the write at this place and all later writes: the earliest
   * acknowledgement of a write with a lock (`#acknowledged`), and the earliest beginning of a writing transaction
   * (`#began`).
   */
  readonly #acknowledged: Float64Array
  readonly #began: Float64Array
  /** By place: the latest time at which a write at this place or an earlier place took its lock. */
  readonly #taken: Float64Array
  /** Writes without a lock may be anywhere in the order. */
  readonly #loose: readonly number[]

  constructor(order: LockOrder, isFresh: boolean) {
    this.#order = order
    this.#isFresh = isFresh
    const { writes } = order
    this.#acknowledged = earliest(
      writes.map(({ acknowledged, lock }) => (lock === undefined ? Number.POSITIVE_INFINITY : acknowledged)),
    )
    this.#began = earliest(writes.map(({ began }) => began))
    this.#taken = Float64Array.from(writes, ({ lock }) => lock?.from ?? 0)
    for (let at = 1; at < writes.length; at++) this.#taken[at] = Math.max(this.#taken[at], this.#taken[at - 1])
    this.#loose = writes.flatMap(({ lock }, at) => (lock === undefined ? [at] : []))
  }

  of({ began, ended }: ReadTimes): readonly number[] {
    const { writes } = this.#order
    const newest = this.#isFresh ? this.#lastAcknowledged(began) : -1
    const places: number[] = newest < 0 ? [-1] : []
    for (const at of this.#loose) if (at < newest && writes[at].began <= ended) places.push(at)
    // A write before `newest` in the order is also possible if it may have locked the row only after the write at
    // `newest` had released the lock.
    const until = writes[newest]?.lock?.to ?? 0
    for (let at = newest - 1; at >= 0 && this.#taken[at] >= until; at--)
      if ((writes[at].lock?.from ?? 0) >= until) places.push(at)
    for (let at = Math.max(newest, 0); at < writes.length && this.#began[at] <= ended; at++)
      if (writes[at].began <= ended) places.push(at)
    return places
  }

  /**
   * Returns the place of the last write whose commit was acknowledged before `time`; -1 if there is none. Ignores
   * writes without a lock.
   */
  #lastAcknowledged(time: number): number {
    return countBelow(this.#acknowledged, time) - 1
  }
}

/** Returns, by index, the earliest of the times at this index and later indices. */
export function earliest(times: readonly number[]): Float64Array {
  const from = Float64Array.from(times)
  for (let at = from.length - 2; at >= 0; at--) from[at] = Math.min(from[at], from[at + 1])
  return from
}
