import type { Budget } from '../../limits/budget.ts'
import { eventsInOrder, type Part } from './part.ts'

/**
 * Operations that add to amounts or read them, in order of call. The additions of operation `i` are from `from[i]` to
 * `from[i + 1] - 1`.
 */
export interface Summed extends Pick<Part, 'length' | 'calls' | 'returns'> {
  /** The number of separate amounts: one per account for a bank, and 1 for a counter. */
  readonly width: number
  readonly isRead: (i: number) => boolean
  readonly from: Int32Array
  readonly amount: Int32Array
  readonly sum: Float64Array
}

/**
 * For each amount: the bounds of the sum of the additions that the read `read` may have seen. The object is reused for
 * the next read.
 */
export interface Sums {
  read: number
  readonly least: Float64Array
  readonly most: Float64Array
}

/**
 * Yields the totals that each read may have seen, in order of return. Additions that returned before the read was
 * called are included. Other additions called before it returned may be included.
 *
 * @throws OutOfTime
 */
export function* sumsAtReads(summed: Summed, budget: Budget): Generator<Sums> {
  const { width, isRead, from, amount, sum } = summed
  const invoked = { up: new Float64Array(width), down: new Float64Array(width) }
  const done = { up: new Float64Array(width), down: new Float64Array(width) }
  const atCall = createShelf(width)
  const sums: Sums = { read: -1, least: new Float64Array(width), most: new Float64Array(width) }
  for (const event of eventsInOrder(summed, budget)) {
    budget.tick()
    const i = event >> 1
    const isReturn = (event & 1) === 1
    if (!isRead(i)) {
      const { up, down } = isReturn ? done : invoked
      for (let at = from[i]; at < from[i + 1]; at++) (sum[at] > 0 ? up : down)[amount[at]] += sum[at]
      continue
    }
    if (!isReturn) {
      atCall.save(i, done.up, done.down)
      continue
    }
    sums.read = i
    atCall.restore(i, sums.least, sums.most)
    for (let a = 0; a < width; a++) {
      sums.least[a] += invoked.down[a]
      sums.most[a] += invoked.up[a]
    }
    if (width > WIDE) budget.look(width)
    yield sums
  }
}

/** With a greater `Summed.width` than this, a read takes so long that the deadline is checked after each read. */
const WIDE = 1_000

/** Creates a store that holds two arrays of amounts for each open read, from the read's call to its return. */
function createShelf(width: number) {
  const places = new Map<number, number>()
  const free: number[] = []
  let rows = new Float64Array(2 * width)
  return {
    save(read: number, one: Float64Array, other: Float64Array): void {
      const place = free.pop() ?? places.size
      places.set(read, place)
      const at = 2 * width * place
      if (at === rows.length) {
        const larger = new Float64Array(2 * rows.length)
        larger.set(rows)
        rows = larger
      }
      for (let a = 0; a < width; a++) {
        rows[at + a] = one[a]
        rows[at + width + a] = other[a]
      }
    },
    restore(read: number, one: Float64Array, other: Float64Array): void {
      const place = places.get(read) ?? 0
      places.delete(read)
      free.push(place)
      const at = 2 * width * place
      for (let a = 0; a < width; a++) {
        one[a] = rows[at + a]
        other[a] = rows[at + width + a]
      }
    },
  }
}

/** The bounds of each amount before any addition. */
export interface Starts {
  readonly least: Float64Array
  readonly most: Float64Array
}

/**
 * Returns the first read whose result is impossible: an amount is out of the bounds set by `starts`, the additions and
 * earlier reads. If an earlier read set the bound, returns it, too.
 *
 * @throws OutOfTime
 */
export function impossibleRead(
  summed: Summed,
  shows: (read: number) => Float64Array | undefined,
  starts: Starts,
  budget: Budget,
): readonly number[] | undefined {
  const least = starts.least.slice()
  const most = starts.most.slice()
  const leastBy = new Int32Array(summed.width).fill(-1)
  const mostBy = leastBy.slice()
  for (const sums of sumsAtReads(summed, budget)) {
    const { read } = sums
    const amounts = shows(read)
    if (amounts === undefined) continue
    for (let amount = 0; amount < summed.width; amount++) {
      const lowest = amounts[amount] - sums.most[amount]
      const highest = amounts[amount] - sums.least[amount]
      const by = lowest > most[amount] ? mostBy[amount] : highest < least[amount] ? leastBy[amount] : undefined
      if (by !== undefined) return by === -1 ? [read] : [by, read]
      if (lowest > least[amount]) {
        least[amount] = lowest
        leastBy[amount] = read
      }
      if (highest < most[amount]) {
        most[amount] = highest
        mostBy[amount] = read
      }
    }
  }
  return undefined
}

/** The factor by which decimals are scaled to integers, whose sums are exact. */
const UNIT = 1e9

/** Returns a factor that turns amounts into integers whose sums are exact, for at most `count` integers. */
export function exactFactor(largest: number, areWhole: boolean, count: number): number | undefined {
  const factor = areWhole ? 1 : UNIT
  return Number.isSafeInteger(Math.ceil(largest * (count + 1) * factor)) ? factor : undefined
}
