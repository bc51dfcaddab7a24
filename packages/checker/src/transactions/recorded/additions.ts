import type { ValueId } from '@chaosproxy/history'
import { countBelow } from '../../search/halving.ts'
import { type CellWrite, earliest, type LockOrder, type ReadTimes } from '../granted/row-locks.ts'
import { type TransactionRecord, UNKNOWN } from '../record/record.ts'
import { INITIAL } from '../record/versions.ts'

// Additions commute. If the statements of two additions overlap, row locks do not determine their order. Reads show
// which additions came first.

/** A read of a cell; `value` is an id. */
export interface SumRead extends ReadTimes {
  readonly transaction: number
  readonly value: number
}

/** An order of a cell's additions in which each read saw the sum of the additions before it. */
export interface AdditionOrder {
  /** By position in this order: the position of the addition in `LockOrder.writes`. */
  readonly writes: readonly number[]
  /** By read: the position in this order of the version that the read saw, or INITIAL. */
  readonly seen: readonly number[]
}

/** The maximum number of open additions at a read, and the maximum number of choices that are tried among them. */
const MOST_OPEN = 256
const MOST_CHOICES = 10_000

/** The maximum number of initial values tried. */
const MOST_FIRST = 32

/**
 * Looks for an order of additions that agrees with the times of all statements. A read comes after the additions that
 * it must have seen, and after those open additions that its value includes. Additions that were answered first come
 * first, as in earliest-deadline-first scheduling.
 *
 * @returns undefined if transactions do more with the cell than add or read, or if no order was found
 */
export function orderOfAdditions(
  { history }: TransactionRecord,
  { writes }: LockOrder,
  reads: readonly SumRead[],
  initial: number,
): AdditionOrder | undefined {
  const numberOf = (id: number): number => (id === UNKNOWN ? Number.NaN : Number(history.values.json(id as ValueId)))
  const writers = new Set(writes.map(({ transaction }) => transaction))
  const isSum = writes.every(({ change, value }) => Number.isSafeInteger(change) && value === UNKNOWN)
  const values = reads.map(({ value }) => numberOf(value))
  if (!isSum || !values.every(Number.isSafeInteger) || reads.some(({ transaction }) => writers.has(transaction))) return
  const sums = sumsOf(writes, reads, values)
  if (initial !== UNKNOWN) return placedFrom(sums, numberOf(initial))
  for (const first of firstsOf(sums)) {
    const found = placedFrom(sums, first)
    if (found !== undefined) return found
  }
  return undefined
}

interface Sums {
  readonly changes: readonly number[]
  readonly begins: Float64Array
  readonly deadlines: Float64Array
  /** The common sign of all changes; 0 if they differ in sign. */
  readonly sign: -1 | 0 | 1
  readonly byDeadline: readonly number[]
  /** By position in `byDeadline`: the earliest beginning among this and all later additions. */
  readonly begun: Float64Array
  /**
   * The reads, in the order in which they take effect. An addition that is placed before a read must begin no later
   * than the read's `by`.
   */
  readonly seen: readonly {
    readonly read: number
    readonly began: number
    readonly by: number
    readonly value: number
  }[]
}

function sumsOf(writes: readonly CellWrite[], reads: readonly SumRead[], values: readonly number[]): Sums {
  const changes = writes.map(({ change = 0 }) => change)
  const sign = changes.every((each) => each >= 0) ? 1 : changes.every((each) => each <= 0) ? -1 : 0
  const order = [...reads.keys()].sort((a, b) => sign * (values[a] - values[b]) || reads[a].ended - reads[b].ended)
  const latest = earliest(order.map((read) => reads[read].ended))
  const { begins, deadlines } = windowsOf(writes)
  const byDeadline = [...writes.keys()].sort((a, b) => deadlines[a] - deadlines[b] || a - b)
  return {
    ...{ changes, begins, deadlines, sign, byDeadline },
    begun: earliest(byDeadline.map((at) => begins[at])),
    seen: order.map((read, at) => ({ read, began: reads[read].began, by: latest[at], value: values[read] })),
  }
}

/** Returns the initial values of the cell that can explain the earliest read. */
function firstsOf({ changes, begins, deadlines, byDeadline, seen: [start] }: Sums): readonly number[] {
  if (start === undefined) return []
  const before = byDeadline.filter((at) => begins[at] <= start.by)
  const isDone = (at: number): boolean => deadlines[at] < start.began
  let first = start.value
  for (const at of before) if (isDone(at)) first -= changes[at]
  const open = before.filter((at) => !isDone(at)).slice(0, MOST_FIRST)
  return [first, ...open.map((at) => (first -= changes[at]))]
}

/**
 * Builds an order for the initial value `first`. For each read, keeps the first set of open additions that explains the
 * value of the read, and tries no other set. Returns undefined if there is no such set.
 */
function placedFrom(sums: Sums, first: number): AdditionOrder | undefined {
  const { changes, deadlines, byDeadline } = sums
  const placed: number[] = []
  const isPlaced = new Uint8Array(changes.length)
  const seen: number[] = []
  let sum = first
  const place = (at: number): void => {
    isPlaced[at] = 1
    sum += changes[at]
    placed.push(at)
  }
  let done = 0
  for (const { read, began, by, value } of sums.seen) {
    for (; done < byDeadline.length && deadlines[byDeadline[done]] < began; done++)
      if (isPlaced[byDeadline[done]] === 0) place(byDeadline[done])
    const chosen = chosenOf(sums, openFrom(sums, done, by, isPlaced), value - sum)
    if (chosen === undefined) return undefined
    for (const at of chosen) place(at)
    seen[read] = placed.length === 0 ? INITIAL : placed.length - 1
  }
  return { writes: [...placed, ...byDeadline.filter((at) => isPlaced[at] === 0)], seen }
}

function openFrom(
  { byDeadline, begins, begun }: Sums,
  from: number,
  by: number,
  isPlaced: Uint8Array,
): readonly number[] {
  const open: number[] = []
  for (let at = from; begun[at] <= by && open.length < MOST_OPEN; at++) {
    const write = byDeadline[at]
    if (isPlaced[write] === 0 && begins[write] <= by) open.push(write)
  }
  return open
}

/**
 * Chooses some of the additions `open` so that the sum of their changes is `wanted`. If the deadline of one addition is
 * before the beginning of another, the second is chosen only together with the first.
 */
function chosenOf({ changes, begins, deadlines, sign }: Sums, open: readonly number[], wanted: number) {
  const chosen: number[] = []
  let tried = 0
  const choose = (at: number, left: number): boolean => {
    if (left === 0) return true
    if (at === open.length || ++tried > MOST_CHOICES || sign * left < 0) return false
    const write = open[at]
    const isNext = open.slice(0, at).every((other) => chosen.includes(other) || deadlines[other] >= begins[write])
    if (isNext) {
      chosen.push(write)
      if (choose(at + 1, left - changes[write])) return true
      chosen.pop()
    }
    return choose(at + 1, left)
  }
  return choose(0, wanted) ? chosen : undefined
}

interface Windows {
  /** By write: the earliest and the latest time at which it took effect. */
  readonly begins: Float64Array
  readonly deadlines: Float64Array
}

/**
 * Returns, by write, the interval from its sending to its answer. If another transaction held the row lock at the
 * beginning or the end of this interval, that time is cut off.
 */
function windowsOf(writes: readonly CellWrite[]): Windows {
  const held = writes.flatMap(({ lock }) => (lock !== undefined && lock.from < lock.to ? [lock] : []))
  const [froms, tos] = [Float64Array.from(held, ({ from }) => from), Float64Array.from(held, ({ to }) => to)]
  const begins = new Float64Array(writes.length)
  const deadlines = new Float64Array(writes.length)
  for (const [at, { lock, began, acknowledged }] of writes.entries()) {
    const sent = Math.max(lock?.to ?? began, began)
    const answered = Math.max(lock?.from ?? acknowledged, sent)
    const earlier = tos[countBelow(froms, sent) - 1] ?? 0
    begins[at] = earlier <= answered ? Math.max(sent, earlier) : sent
    // The beginning of the first lock interval that ends after the answer.
    const later = froms[countBelow(tos, answered + 1)] ?? Number.POSITIVE_INFINITY
    deadlines[at] = later >= sent ? Math.min(acknowledged, later) : acknowledged
  }
  return { begins, deadlines }
}
