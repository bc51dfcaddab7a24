import type { RowLock, TransactionNote, ValueId } from '@chaosproxy/history'
import { NEVER } from '../../encoding/encoded.ts'
import { countBelow } from '../../search/halving.ts'
import { ABORTED, ADD, READ, type TransactionRecord, UNKNOWN } from '../record/record.ts'
import { sumOf } from '../record/sum.ts'
import { keyText } from '../told/words.ts'

/** The version of a cell that a transaction wrote. */
interface CellVersion {
  /** The last micro-operation that wrote it. */
  readonly row: number
  /** The value, as an id; UNKNOWN if only the server knows it. */
  readonly value: number
  /** What was added to the version before, whose value need not be known; undefined if it was written anew. */
  readonly change: number | undefined
}

/** The last write of a transaction to a cell, and when it held the row locked. */
export interface CellWrite extends CellVersion {
  readonly transaction: number
  /** Undefined if no answer says when it got the lock. */
  readonly lock: RowLock | undefined
  /** When its transaction began, and when its commit had been acknowledged: Infinity if it was not. */
  readonly began: number
  readonly acknowledged: number
}

/** By transaction: what its recorder knows of it; undefined if nothing. */
export const notesOf = ({ history, length }: TransactionRecord): readonly (TransactionNote | undefined)[] =>
  Array.from({ length }, (_, t) => history.transactionNotes?.get(history.operations.returnLine[t]))

/** By cell: the writes of transactions that may have committed. */
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

/** By cell: what a transaction wrote to it in the end. Its own reads may tell what the server computed. */
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

/** The number that an ADD adds; NaN if it is none, whose sum with any value is unknown. */
export function changeOf({ history, value }: TransactionRecord, row: number): number {
  const change = history.values.json(value[row] as ValueId)
  return typeof change === 'number' ? change : Number.NaN
}

/** The row of a cell: `accounts/7` of `accounts/7/balance`. */
export const rowOfCell = (cell: string): string => cell.slice(0, Math.max(0, cell.lastIndexOf('/')))

/** The writes of one cell in an order that row locks allow. */
export interface LockOrder {
  readonly writes: readonly CellWrite[]
  /** By write: 1 if its place among the others of these holds in any case. */
  readonly isCertain: Uint8Array
  /** Two transactions that held the row at once. Then nothing is known of the order. */
  readonly overlap: readonly [CellWrite, CellWrite] | undefined
}

/**
 * Orders the writes of a cell. A transaction that writes a row locks it until the commit: the lock is held at least
 * from the answer of the first statement that takes it until the commit is sent, so two of these times cannot overlap. A
 * statement of its own transaction is answered after that: it held the lock at some time before the answer.
 */
export function lockOrder(all: readonly CellWrite[]): LockOrder {
  const writes = inOrderOf(all)
  const isCertain = new Uint8Array(writes.length)
  let last: CellWrite | undefined
  /** Of those that held the lock for some time, the one that held it longest. */
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
 * The writes in an order that agrees with `isSurelyBefore`: one whose lock was held for some time by its beginning, any other
 * before the first of those that had not begun when it was asked for.
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

/** Whether one write had its lock before the other in any case. */
const isSurelyBefore = (one: CellWrite, other: CellWrite): boolean =>
  one.lock !== undefined && other.lock !== undefined && other.lock.to > one.lock.from && one.lock.to <= other.lock.from

const gotBy = ({ lock, began }: CellWrite): number => lock?.from ?? began
const heldUntil = ({ lock, began }: CellWrite): number => lock?.to ?? began

/** When a transaction read, by the clock of the record. */
export interface ReadTimes {
  readonly began: number
  readonly ended: number
}

/**
 * The writes of a cell that a transaction may have seen, as places in the order; -1 for the value before all of them.
 * Not those that were sent after it had ended. If reads are fresh, neither those over which a later commit had been
 * acknowledged before it began.
 */
export class Visible {
  readonly #order: LockOrder
  readonly #isFresh: boolean
  /** By place: the earliest acknowledgement and the earliest beginning from there on. */
  readonly #acknowledged: Float64Array
  readonly #began: Float64Array
  /** By place: when the last of the locks up to there had been taken. */
  readonly #taken: Float64Array
  /** Places of writes without a lock: they may be anywhere. */
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
    // The newest may have got its lock before those that were answered shortly before it.
    const until = writes[newest]?.lock?.to ?? 0
    for (let at = newest - 1; at >= 0 && this.#taken[at] >= until; at--)
      if ((writes[at].lock?.from ?? 0) >= until) places.push(at)
    for (let at = Math.max(newest, 0); at < writes.length && this.#began[at] <= ended; at++)
      if (writes[at].began <= ended) places.push(at)
    return places
  }

  /** The last place whose commit had been acknowledged by then; -1 if there is none. */
  #lastAcknowledged(time: number): number {
    return countBelow(this.#acknowledged, time) - 1
  }
}

/** By place: the earliest of the times from there on. */
export function earliest(times: readonly number[]): Float64Array {
  const from = Float64Array.from(times)
  for (let at = from.length - 2; at >= 0; at--) from[at] = Math.min(from[at], from[at + 1])
  return from
}
