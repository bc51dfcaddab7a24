import type { TransactionNote } from '@chaosproxy/history'
import {
  type CellWrite,
  type LockOrder,
  lockOrder,
  notesOf,
  type ReadTimes,
  Visible,
  writesOf,
} from '../granted/row-locks.ts'
import { Findings } from '../record/findings.ts'
import type { Inference } from '../record/inference.ts'
import { ABORTED, COMMITTED, READ, type TransactionRecord, UNKNOWN } from '../record/record.ts'
import { INITIAL, NO_VERSION } from '../record/versions.ts'

/** What the record shows in any case, and what it most likely shows. */
export interface RecordedInference {
  /** Only orders and sources that hold in any case: what they contradict is violated. */
  readonly certain: Inference
  /** An order and a source wherever there are several: if they explain everything, it is met. */
  readonly likely: Inference
}

/** Cells whose reads and writes say nothing. */
export interface DoubtfulCells {
  has(cell: number): boolean
  /** Whether something that had ended before its first read or write may have changed it. */
  isStartUnknown(cell: number): boolean
  /** Two transactions held the row of a cell at once. */
  overlap(cell: number, one: number, other: number): void
  /** A read of a value that nothing wrote. */
  unexplained(cell: number, micro: number): void
  /** A read of another value than its own transaction had written. */
  changed(cell: number, micro: number): void
}

/** A read of what its transaction had not written before. */
interface Read {
  readonly transaction: number
  readonly row: number
  readonly cell: number
  /** From when on what it read was fixed. */
  readonly began: number
  /** Places in the cell's order, -1 for the value at first. */
  places: readonly number[]
}

/**
 * Infers the order of versions from row locks, and the source of each read from its value and its time. `initial` is
 * the id of what every cell held at first; UNKNOWN if nothing says so.
 */
export function inferRecorded(
  record: TransactionRecord,
  { initial, isFresh, doubts }: { readonly initial: number; readonly isFresh: boolean; readonly doubts: DoubtfulCells },
): RecordedInference {
  const orders = writesOf(record, notesOf(record)).map(lockOrder)
  orders.forEach(({ overlap }, cell) => {
    if (overlap !== undefined) doubts.overlap(cell, overlap[0].transaction, overlap[1].transaction)
  })
  const reads = readsOf(record, orders, isFresh, doubts)
  const aborted = explain(record, orders, reads, initial, doubts)
  const left = reads.filter(({ cell }) => !doubts.has(cell))
  const counts = countedOf(record, orders, left)
  return {
    certain: inferenceOf(record, { orders, reads: left, aborted, counts, doubts, isCertain: true }),
    likely: inferenceOf(record, { orders, reads: left, aborted, counts, doubts, isCertain: false }),
  }
}

/** The reads of committed transactions, each with the writes that it may have seen by their times. */
function readsOf(
  record: TransactionRecord,
  orders: readonly LockOrder[],
  isFresh: boolean,
  doubts: DoubtfulCells,
): readonly Read[] {
  const { length, starts, kind, key, value, status } = record
  const visible = orders.map((order) => new Visible(order, isFresh))
  const reads: Read[] = []
  for (let t = 0; t < length; t++) {
    if (status[t] !== COMMITTED) continue
    const own = new Map<number, number>()
    const times = new ReadTimesOf(record, t)
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      const cell = key[row]
      if (kind[row] !== READ) {
        own.set(cell, value[row])
        continue
      }
      const written = own.get(cell)
      // After a write of an unknown value, the read says what it was.
      if (written !== undefined) {
        if (written !== UNKNOWN && value[row] !== UNKNOWN && written !== value[row]) doubts.changed(cell, row)
        continue
      }
      const { writes } = orders[cell]
      const between = times.of(row)
      const places = visible[cell].of(between).filter((place) => place < 0 || writes[place].transaction !== t)
      reads.push({ transaction: t, row, cell, began: between.began, places })
    }
  }
  return reads
}

/** When what each statement of a transaction read was fixed. */
class ReadTimesOf {
  readonly #whole: ReadTimes
  readonly #statements: TransactionNote['statements']
  #at = 0
  /** The first micro-operation after those of the current statement. */
  #end: number

  constructor({ history, starts }: TransactionRecord, t: number) {
    const { callTime, returnTime, returnLine } = history.operations
    this.#whole = { began: callTime[t], ended: returnTime[t] }
    this.#statements = history.transactionNotes?.get(returnLine[t])?.statements ?? []
    this.#end = starts[t] + (this.#statements[0]?.[1] ?? 0)
  }

  /** Of a micro-operation; call it in their order. Those of the whole transaction if the recorder does not say. */
  of(row: number): ReadTimes {
    while (row >= this.#end && this.#at < this.#statements.length) this.#end += this.#statements[++this.#at]?.[1] ?? 0
    const [, , from, to] = this.#statements[this.#at] ?? []
    return from === undefined || to === undefined ? this.#whole : { began: from, ended: to }
  }
}

/** A read of what a transaction wrote that was rolled back. */
interface AbortedRead {
  readonly read: Read
  /** The micro-operation that wrote it. */
  readonly write: number
}

/** Leaves of the places those with the value that was read. A value without any puts the cell in doubt. */
function explain(
  record: TransactionRecord,
  orders: readonly LockOrder[],
  reads: readonly Read[],
  initial: number,
  doubts: DoubtfulCells,
): readonly AbortedRead[] {
  const { value, mayFind } = record
  const mayBe = ({ row }: Read, found: number): boolean =>
    value[row] === UNKNOWN ? mayFind.get(row)?.(found) !== false : value[row] === found
  const first = Int32Array.from(orders, (_, cell) => (doubts.isStartUnknown(cell) ? UNKNOWN : initial))
  for (const read of reads) {
    const { writes } = orders[read.cell]
    const isSeen = (place: number): boolean => {
      const written = writes[place].value
      return written === UNKNOWN || mayBe(read, written)
    }
    const mayBeFirst = read.places.includes(INITIAL)
    read.places = read.places.filter((place) => place >= 0 && isSeen(place))
    if (mayBeFirst) read.places = [INITIAL, ...read.places]
    // Nothing else explains it, so this was there at first.
    if (mayBeFirst && read.places.length === 1 && first[read.cell] === UNKNOWN) first[read.cell] = value[read.row]
  }
  const aborted: AbortedRead[] = []
  const writes = abortedWrites(record)
  for (const read of reads) {
    const known = first[read.cell]
    if (known !== UNKNOWN && !mayBe(read, known)) read.places = read.places.filter((place) => place >= 0)
    if (read.places.length > 0) continue
    const write = writes.get(read.cell)?.get(value[read.row])
    if (write === undefined) doubts.unexplained(read.cell, read.row)
    else aborted.push({ read, write })
  }
  return aborted
}

/** By cell and value: a write of a transaction that was rolled back. */
function abortedWrites({ length, status, starts, kind, key, value }: TransactionRecord) {
  const writes = new Map<number, Map<number, number>>()
  for (let t = 0; t < length; t++) {
    if (status[t] !== ABORTED) continue
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] === READ || value[row] === UNKNOWN) continue
      const ofCell = writes.get(key[row]) ?? new Map<number, number>()
      writes.set(key[row], ofCell.set(value[row], row))
    }
  }
  return writes
}

/** By transaction: whether it committed, or a read can only have seen a write of it. */
function countedOf({ length, status }: TransactionRecord, orders: readonly LockOrder[], reads: readonly Read[]) {
  const counts = new Uint8Array(length)
  for (let t = 0; t < length; t++) if (status[t] === COMMITTED) counts[t] = 1
  for (const { cell, places } of reads)
    if (places.length === 1 && places[0] >= 0) counts[orders[cell].writes[places[0]].transaction] = 1
  return counts
}

interface Parts {
  readonly orders: readonly LockOrder[]
  readonly reads: readonly Read[]
  readonly aborted: readonly AbortedRead[]
  readonly counts: Uint8Array
  readonly doubts: DoubtfulCells
  readonly isCertain: boolean
}

function inferenceOf(
  record: TransactionRecord,
  { orders, reads, aborted, counts, doubts, isCertain }: Parts,
): Inference {
  const cells = orders.length
  const starts = new Int32Array(cells + 1)
  const writer: number[] = []
  const of = new Int32Array(record.kind.length).fill(NO_VERSION)
  /** By cell and place: the version. */
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
  const before = isCertain ? undefined : new Predecessors(orders, counts)
  for (const read of reads) {
    const place =
      before === undefined ? onlyOf(read.places) : likeliestOf(record, orders[read.cell].writes, read, before)
    if (place !== undefined) of[read.row] = place < 0 ? INITIAL : versions[read.cell][place]
  }
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

/** The write before that of a transaction, which it saw if it had locked the row when it read. */
class Predecessors {
  readonly #orders: readonly LockOrder[]
  readonly #counts: Uint8Array
  /** By cell: the place of the write of each transaction. */
  readonly #own: Map<number, ReadonlyMap<number, number>> = new Map()

  constructor(orders: readonly LockOrder[], counts: Uint8Array) {
    this.#orders = orders
    this.#counts = counts
  }

  /** Undefined if the transaction writes nothing to the cell, or what it wrote after is not known to count. */
  of({ cell, transaction }: Read): number | undefined {
    const { writes } = this.#orders[cell]
    const places = this.#own.get(cell) ?? new Map(writes.map((write, place) => [write.transaction, place]))
    this.#own.set(cell, places)
    const before = (places.get(transaction) ?? 0) - 1
    return before >= 0 && this.#counts[writes[before].transaction] === 1 ? before : undefined
  }
}

/**
 * The one before its own write; or of those with the value that was read, or else of all, the newest that had been
 * acknowledged when it began, or else the oldest.
 */
function likeliestOf(
  { status, value }: TransactionRecord,
  writes: readonly CellWrite[],
  read: Read,
  predecessors: Predecessors,
): number | undefined {
  const { began } = read
  const before = predecessors.of(read)
  if (before !== undefined && read.places.includes(before)) return before
  const exact = read.places.filter((place) => place < 0 || writes[place].value === value[read.row])
  const places = exact.length === 0 ? read.places : exact
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

/** Two reads of one cell in one transaction that saw different versions. */
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
