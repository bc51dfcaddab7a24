import { foundOrMade, type TransactionNote, type ValueId } from '@chaosproxy/history'
import {
  type CellWrite,
  changeOf,
  type LockOrder,
  lockOrder,
  notesOf,
  type ReadTimes,
  Visible,
  writesOf,
} from '../granted/row-locks.ts'
import { Findings } from '../record/findings.ts'
import type { Inference } from '../record/inference.ts'
import { ADD, COMMITTED, committed, READ, type TransactionRecord, UNKNOWN } from '../record/record.ts'
import { sumOf } from '../record/sum.ts'
import { INITIAL, NO_VERSION } from '../record/versions.ts'
import { orderOfAdditions } from './additions.ts'
import { UNPROMISING } from './requested-levels.ts'
import { areExplained, RolledBackWrites, type Seen, valuesAt, valuesInOrder } from './values.ts'

/** The orders of versions and the sources of reads: those that the record proves, and the likeliest ones. */
export interface RecordedInference {
  /**
   * The orders of versions, and the sources of reads, that hold in every case. The source of a read is the write whose
   * value the read returned. If a level contradicts them, it is violated.
   */
  readonly certain: Inference
  /**
   * The likeliest orders and sources. A level is met if these meet it. Undefined if they do not explain the values of
   * each cell.
   */
  readonly likely: Inference | undefined
}

/** Collects the cells whose reads and writes prove nothing. */
export interface DoubtfulCells {
  has(cell: number): boolean
  /**
   * Reports whether the initial value of a cell is unknown, because something unrecorded may have changed the cell
   * before its first use.
   */
  isStartUnknown(cell: number): boolean
  overlap(cell: number, one: number, other: number): void
  /** Records a read of a value that nobody wrote. `newest` is the last write that it may have seen. */
  unexplained(cell: number, micro: number, newest: number | undefined): void
  /** Records that a transaction read a different value than it had written itself. */
  changed(cell: number, micro: number): void
}

/** A read of a version that the reading transaction had not written itself. */
interface Read {
  readonly transaction: number
  readonly row: number
  readonly cell: number
  /** The value, as an id; UNKNOWN if only a comparison is known. */
  readonly value: number
  /** The server chose the version to read between `began` and `ended`. */
  readonly began: number
  readonly ended: number
  /** Whether the read may have seen uncommitted values. */
  readonly isDirty: boolean
  readonly mayBe: (found: number) => boolean
  /** Whether the value was not read directly. It then follows from a sum that the transaction read later. */
  readonly isImplied: boolean
  /** The possible positions in the cell's order; -1 for the initial value. */
  places: readonly number[]
}

/**
 * Infers the order of versions from row locks, and the source of each read from its value and time. `initial` is the id
 * of the initial value of every cell, or UNKNOWN.
 */
export function inferRecorded(
  record: TransactionRecord,
  { initial, isFresh, doubts }: { readonly initial: number; readonly isFresh: boolean; readonly doubts: DoubtfulCells },
): RecordedInference {
  const notes = notesOf(record)
  const orders = writesOf(record, notes).map(lockOrder)
  orders.forEach(({ overlap }, cell) => {
    if (overlap !== undefined) doubts.overlap(cell, overlap[0].transaction, overlap[1].transaction)
  })
  const reads = readsOf(record, orders, notes, isFresh, doubts)
  const { aborted, pins } = explain(record, orders, reads, initial, doubts)
  const left = reads.filter(({ cell }) => !doubts.has(cell))
  const counts = countedOf(record, orders, left)
  const parts = { orders, aborted, doubts }
  const certain = left.map((read) => ({ read, place: onlyOf(read.places) }))
  const ofClients = (sources: readonly Source[]) => sources.filter(({ read }) => !read.isImplied)
  const predecessors = new Predecessors(orders, counts)
  const ofCells = byCell(orders, left)
  const values = orders.map((order, cell) => likelyValues(record, order, counts, pins[cell], ofCells[cell]))
  const firsts = pins.map((each) => each.get(INITIAL) ?? UNKNOWN)
  const additions = orders.map((order, cell) =>
    doubts.has(cell) ? undefined : orderOfAdditions(record, order, ofCells[cell], firsts[cell]),
  )
  const likelyOrders = orders.map((order, cell) => {
    const found = additions[cell]
    return found === undefined ? order : { ...order, writes: found.writes.map((at) => order.writes[at]) }
  })
  const likely = ofCells.flatMap((reads, cell) =>
    reads.map((read, at) => ({
      read,
      place: additions[cell]?.seen[at] ?? likeliestOf(record, orders[cell].writes, values[cell], read, predecessors),
    })),
  )
  const likelyCounts = counts.slice()
  for (const { read, place = INITIAL } of likely)
    if (place >= 0) likelyCounts[likelyOrders[read.cell].writes[place].transaction] = 1
  additions.forEach((found, cell) => {
    const last = found?.seen.reduce((most, place) => Math.max(most, place), INITIAL) ?? INITIAL
    for (const { transaction } of likelyOrders[cell].writes.slice(0, last + 1)) likelyCounts[transaction] = 1
  })
  const seen: Seen[][] = orders.map(() => [])
  for (const { read, place } of likely)
    if (place !== undefined) seen[read.cell].push({ place, value: read.value, mayBe: read.mayBe })
  const isExplained = likelyOrders.every(
    (order, cell) => doubts.has(cell) || areExplained(record, order, likelyCounts, firsts[cell], seen[cell]),
  )
  const best = { ...parts, orders: likelyOrders, sources: ofClients(likely), counts: likelyCounts, isCertain: false }
  return {
    certain: inferenceOf(record, { ...parts, sources: ofClients(certain), counts, isCertain: true }),
    likely: isExplained ? inferenceOf(record, best) : undefined,
  }
}

/** Returns the reads of committed transactions. Each has the writes that it may have seen, judging by their times. */
function readsOf(
  record: TransactionRecord,
  orders: readonly LockOrder[],
  notes: readonly (TransactionNote | undefined)[],
  isFresh: boolean,
  doubts: DoubtfulCells,
): readonly Read[] {
  const { history, length, starts, kind, key, value, status, mayFind } = record
  const visible = orders.map((order) => new Visible(order, isFresh))
  const reads: Read[] = []
  for (let t = 0; t < length; t++) {
    if (status[t] !== COMMITTED) continue
    const own = new Map<number, number>()
    const added = new Map<number, Added>()
    const readAt = (row: number, recorded: number, { began, ended }: ReadTimes, isImplied: boolean): void => {
      const cell = key[row]
      const { writes } = orders[cell]
      const places = visible[cell].of({ began, ended }).filter((place) => place < 0 || writes[place].transaction !== t)
      const mayBe = recorded === UNKNOWN ? (mayFind.get(row) ?? (() => true)) : (found: number) => found === recorded
      reads.push({ transaction: t, row, cell, value: recorded, began, ended, isDirty, isImplied, mayBe, places })
    }
    const times = new ReadTimesOf(record, t)
    const isDirty = notes[t]?.isolation === UNPROMISING
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      const cell = key[row]
      if (kind[row] !== READ) {
        const before = own.get(cell)
        const { change, ...between } = added.get(cell) ?? { change: 0, ...times.of(row) }
        if (kind[row] !== ADD) added.delete(cell)
        else if (before === undefined || added.has(cell))
          added.set(cell, { ...between, change: change + changeOf(record, row) })
        own.set(cell, kind[row] === ADD ? sumOf(history, before ?? UNKNOWN, changeOf(record, row)) : value[row])
        continue
      }
      const written = own.get(cell)
      // If the transaction wrote an unknown value before, this read shows that value.
      if (written !== undefined) {
        if (value[row] === UNKNOWN) continue
        if (written !== UNKNOWN && written !== value[row]) doubts.changed(cell, row)
        own.set(cell, value[row])
        const sum = added.get(cell)
        const before = sum === undefined ? UNKNOWN : sumOf(history, value[row], -sum.change)
        if (sum !== undefined && before !== UNKNOWN) readAt(row, before, sum, true)
        added.delete(cell)
        continue
      }
      readAt(row, value[row], times.of(row), false)
    }
  }
  return reads
}

/**
 * The sum of a transaction's additions to a cell that it had not changed in another way. The times are those of the
 * first addition.
 */
interface Added extends ReadTimes {
  readonly change: number
}

/** Finds, for each statement of a transaction, when the server chose the versions to read. */
class ReadTimesOf {
  readonly #whole: ReadTimes
  readonly #statements: TransactionNote['statements']
  #at = 0
  /** The first micro-operation after the current statement. */
  #end: number

  constructor({ history, starts }: TransactionRecord, t: number) {
    const { callTime, returnTime, returnLine } = history.operations
    this.#whole = { began: callTime[t], ended: returnTime[t] }
    this.#statements = history.transactionNotes?.get(returnLine[t])?.statements ?? []
    this.#end = starts[t] + (this.#statements[0]?.[1] ?? 0)
  }

  /**
   * Returns the times of a micro-operation's statement. If these were not recorded, returns the times of the
   * transaction. Call this method for the micro-operations in their order.
   */
  of(row: number): ReadTimes {
    while (row >= this.#end && this.#at < this.#statements.length) this.#end += this.#statements[++this.#at]?.[1] ?? 0
    const [, , from, to] = this.#statements[this.#at] ?? []
    return from === undefined || to === undefined ? this.#whole : { began: from, ended: to }
  }
}

interface AbortedRead {
  readonly read: Read
  /** The row of the micro-operation that wrote the value of `read`. */
  readonly write: number
}

interface Explained {
  readonly aborted: readonly AbortedRead[]
  /** By cell and position, including INITIAL: the value of a version that some read must have seen. */
  readonly pins: readonly ReadonlyMap<number, number>[]
}

function byCell(orders: readonly LockOrder[], reads: readonly Read[]): readonly (readonly Read[])[] {
  const ofCells: Read[][] = orders.map(() => [])
  for (const read of reads) ofCells[read.cell].push(read)
  return ofCells
}

/**
 * Removes from each read the positions of versions that the read cannot have seen (see `explainCell`). If no position
 * is left, the cell becomes doubtful, unless the read saw a value that was rolled back.
 */
function explain(
  record: TransactionRecord,
  orders: readonly LockOrder[],
  reads: readonly Read[],
  initial: number,
  doubts: DoubtfulCells,
): Explained {
  const ofCells = byCell(orders, reads)
  const newest = reads.map(({ cell, places }) => orders[cell].writes[Math.max(...places)]?.row)
  const pins = orders.map((order, cell) =>
    explainCell(record, order, ofCells[cell], doubts.isStartUnknown(cell) ? UNKNOWN : initial),
  )
  const aborted: AbortedRead[] = []
  const rolledBack = new RolledBackWrites(record)
  for (const [at, read] of reads.entries()) {
    if (read.places.length > 0) continue
    const write = read.isImplied ? undefined : rolledBack.seenBy(read)
    if (write === undefined) doubts.unexplained(read.cell, read.row, newest[at])
    else aborted.push({ read, write })
  }
  return { aborted, pins }
}

/** By position: the value of each version in the likely order. */
function likelyValues(
  record: TransactionRecord,
  order: LockOrder,
  counts: Uint8Array,
  pins: ReadonlyMap<number, number>,
  reads: readonly Read[],
): readonly number[] {
  const { history } = record
  const valuesFrom = (first: number) => valuesInOrder(record, order, counts, new Map([...pins, [INITIAL, first]]))
  const read = reads.find(({ value }) => value !== UNKNOWN)
  const isSum = order.writes.some(({ change }) => change !== undefined)
  if (read !== undefined && isSum && !pins.has(INITIAL)) {
    const sums = valuesFrom(history.values.id(0))
    for (const place of read.places) {
      const sum = place < 0 ? 0 : sums[place] === UNKNOWN ? undefined : history.values.json(sums[place] as ValueId)
      const first = typeof sum === 'number' ? sumOf(history, read.value, -sum) : UNKNOWN
      const values = valuesFrom(first)
      const valueAt = (at: number): number => (at < 0 ? first : values[at])
      const isSeen = ({ places, mayBe }: Read) => places.some((at) => valueAt(at) !== UNKNOWN && mayBe(valueAt(at)))
      const agrees = order.writes.every(({ value }, at) => value === UNKNOWN || values[at] === value)
      if (first !== UNKNOWN && agrees && reads.every(isSeen)) return values
    }
  }
  return valuesInOrder(record, order, counts, pins)
}

/** The maximum number of rounds of `explainCell`. In each round, a read may rule out positions of other reads. */
const MOST_ROUNDS = 16

/**
 * Removes impossible positions of the reads of one cell. If a read can have seen only one version, it shows the value
 * of this version. Reads that returned other values cannot have seen this version.
 *
 * @returns by position: the value of the version, if some read must have seen it
 */
function explainCell(
  record: TransactionRecord,
  order: LockOrder,
  reads: readonly Read[],
  initial: number,
): ReadonlyMap<number, number> {
  const { writes } = order
  const pins = new Map<number, number>(initial === UNKNOWN ? [] : [[INITIAL, initial]])
  const isKnown = writes.every((write) => write.value !== UNKNOWN)
  let values = isKnown ? [] : valuesAt(record, order, pins)
  for (let round = 0, isSettled = false; round < MOST_ROUNDS && !isSettled; round++) {
    isSettled = true
    for (const read of reads) {
      const { value } = read
      const places = read.places.filter((place) => {
        if (place === INITIAL) return isOpenOr(read, pins.get(INITIAL) ?? UNKNOWN)
        const written = writes[place].value
        if (written !== UNKNOWN) return read.mayBe(written)
        const held = values[place]
        if (held !== undefined && ![...held].some(read.mayBe)) return false
        return held?.size === 1 || read.isDirty || commitSent(writes[place]) <= read.ended
      })
      if (places.length < read.places.length) isSettled = false
      read.places = places
      const [only] = places
      if (only === undefined || places.length > 1 || pins.has(only) || value === UNKNOWN) continue
      pins.set(only, value)
      isSettled = false
    }
    if (!isSettled && !isKnown) values = valuesAt(record, order, pins)
  }
  return pins
}

/** Reports whether a version's value is unknown or may be what the read returned. */
const isOpenOr = ({ mayBe }: Read, value: number): boolean => value === UNKNOWN || mayBe(value)

/**
 * Returns the time at which the COMMIT of a write was sent or, if this is unknown, at which its transaction began. No
 * other transaction sees the value before this time.
 */
const commitSent = ({ lock, began }: CellWrite): number => Math.max(lock?.to ?? began, began)

/** By transaction: 1 if it committed, or if some read must have seen its write. */
function countedOf(record: TransactionRecord, orders: readonly LockOrder[], reads: readonly Read[]) {
  const counts = committed(record)
  for (const { cell, places } of reads)
    if (places.length === 1 && places[0] >= 0) counts[orders[cell].writes[places[0]].transaction] = 1
  return counts
}

interface Source {
  readonly read: Read
  readonly place: number | undefined
}

interface Parts {
  readonly orders: readonly LockOrder[]
  readonly sources: readonly Source[]
  readonly aborted: readonly AbortedRead[]
  readonly counts: Uint8Array
  readonly doubts: DoubtfulCells
  readonly isCertain: boolean
}

function inferenceOf(
  record: TransactionRecord,
  { orders, sources, aborted, counts, doubts, isCertain }: Parts,
): Inference {
  const cells = orders.length
  const starts = new Int32Array(cells + 1)
  const writer: number[] = []
  const of = new Int32Array(record.kind.length).fill(NO_VERSION)
  /** By cell and position: the version that the write made. */
  const versions: (readonly number[])[] = []
  for (let cell = 0; cell < cells; cell++) {
    const { writes, isCertain: certain } = orders[cell]
    starts[cell] = writer.length
    versions.push(
      writes.map((write, place) => {
        if (doubts.has(cell) || counts[write.transaction] === 0) return NO_VERSION
        if (isCertain && certain[place] === 0) return NO_VERSION
        of[write.row] = writer.length
        return writer.push(write.transaction) - 1
      }),
    )
  }
  starts[cells] = writer.length
  for (const { read, place } of sources)
    if (place !== undefined) of[read.row] = place < 0 ? INITIAL : versions[read.cell][place]
  const findings = new Findings()
  findRepeated(record, of, findings)
  for (const { read, write } of aborted)
    if (!doubts.has(read.cell)) findings.add('G1a', read.transaction, read.row, write)
  return {
    versions: { starts, ordered: starts.slice(1), writer: Int32Array.from(writer), of, counts },
    findings,
    repeated: new Map(),
  }
}

const onlyOf = (places: readonly number[]): number | undefined => (places.length === 1 ? places[0] : undefined)

/**
 * Finds the write to a cell directly before a transaction's own write. A transaction that locks the row before it reads
 * sees this earlier write.
 */
class Predecessors {
  readonly #orders: readonly LockOrder[]
  readonly #counts: Uint8Array
  /** By cell and transaction: the position of the transaction's write in the cell's `LockOrder`. */
  readonly #own: Map<number, ReadonlyMap<number, number>> = new Map()

  constructor(orders: readonly LockOrder[], counts: Uint8Array) {
    this.#orders = orders
    this.#counts = counts
  }

  /**
   * Returns the position of the write directly before the reading transaction's own write, in the order of the cell's
   * writes. Undefined if there is no such write, or if it does not count as committed.
   */
  of({ cell, transaction }: Read): number | undefined {
    const { writes } = this.#orders[cell]
    const places = foundOrMade(this.#own, cell, () => new Map(writes.map((write, place) => [write.transaction, place])))
    const before = (places.get(transaction) ?? 0) - 1
    return before >= 0 && this.#counts[writes[before].transaction] === 1 ? before : undefined
  }
}

/**
 * Returns the likeliest source of a read. If the reading transaction wrote the cell itself, this is the write directly
 * before its own write, if that write can explain the read. Otherwise it is the newest committed write whose lock ended
 * before the read began. Writes of the value read are preferred to writes of an unknown value.
 */
function likeliestOf(
  { status }: TransactionRecord,
  writes: readonly CellWrite[],
  values: readonly number[],
  read: Read,
  predecessors: Predecessors,
): number | undefined {
  const { began } = read
  const before = predecessors.of(read)
  const exact = read.places.filter((place) => place < 0 || (values[place] !== UNKNOWN && read.mayBe(values[place])))
  const isOther = (place: number): boolean => !isOpenOr(read, values[place] ?? UNKNOWN)
  const open = exact.length > 0 ? exact : read.places.filter((place) => values[place] === UNKNOWN)
  const places = open.length > 0 ? open : read.places
  if (before !== undefined && read.places.includes(before) && !isOther(before)) return before
  let likeliest = places.at(0)
  for (const place of places)
    if (
      likeliest !== undefined &&
      place > likeliest &&
      status[writes[place].transaction] === COMMITTED &&
      (writes[place].lock?.to ?? 0) < began
    )
      likeliest = place
  return likeliest
}

export function findRepeated(
  { starts, kind, key, length }: TransactionRecord,
  of: Int32Array,
  findings: Findings,
): void {
  for (let t = 0; t < length; t++) {
    const before = new Map<number, number>()
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] !== READ) before.delete(key[row])
      if (kind[row] !== READ || of[row] < INITIAL) continue
      const other = before.get(key[row])
      if (other !== undefined && of[other] !== of[row]) findings.add('non-repeatable-read', t, row, other)
      before.set(key[row], row)
    }
  }
}
