import { CAS, DIFFERS, type Encoded, NEVER, READ, WRITE } from '../../encoding/encoded.ts'
import { nextIn, type Threads, threadsOf } from '../../encoding/threads.ts'
import { type Budget, createPace } from '../../limits/budget.ts'

/** The maximum number of operations examined in all attempts. */
const MOST_LOOKS = 3_000_000
const MOST_ATTEMPTS = 400

/** The seed is constant, so that the result depends only on the history. */
const SEED = 7

/**
 * Each observation that waits for the value of a write makes this write 2 ** FOR_EACH_WAITING times as likely to be
 * chosen.
 */
const FOR_EACH_WAITING = 2
const MOST_FAVOURED = 24

/** The factor by which a write that certainly happened is more likely to be chosen than a write of unknown outcome. */
const CERTAIN = 8

/**
 * Builds an order of the operations on all keys from front to back by random choices, and starts over at a dead end.
 * Returns undefined if no attempt succeeds, which proves nothing.
 *
 * An observation that holds is placed immediately. Otherwise the next write is drawn at random, with a preference for
 * writes that many observations wait for. Most sequential histories have so many valid orders that an early attempt
 * succeeds. A depth-first search, in contrast, explores everything that follows a wrong early choice. Does not handle
 * appends.
 *
 * @throws OutOfTime
 */
export function layOutByLot(encoded: Encoded, budget: Budget): Int32Array | undefined {
  const threads = threadsOf(encoded, false, budget)
  const attempts = Math.min(MOST_ATTEMPTS, Math.ceil(MOST_LOOKS / (encoded.length * threads.count + 1)))
  const random = createRandom()
  for (let n = 0; n < attempts; n++) {
    const order = attempt(encoded, threads, random, budget)
    if (order !== undefined) return order
    budget.look(encoded.length)
  }
  return undefined
}

function attempt(encoded: Encoded, threads: Threads, random: () => number, budget: Budget): Int32Array | undefined {
  const { length, kind, key, keys, expects, writes, returns, values, initial } = encoded
  const { count, of } = threads
  const pace = createPace(budget, count)
  const position = new Int32Array(count)
  const state = new Int32Array(keys).fill(initial)
  for (const [k, value] of encoded.startOf?.entries() ?? []) state[k] = value
  const order = new Int32Array(length)
  let placed = 0
  let left = 0
  for (let i = 0; i < length; i++) if (returns[i] !== NEVER) left++

  const nextOf = nextIn(threads, position)
  const put = (operation: number): void => {
    position[of[operation]]++
    order[placed++] = operation
    if (returns[operation] !== NEVER) left--
  }
  const holds = (operation: number): boolean => {
    const now = state[key[operation]]
    return kind[operation] === READ
      ? expects[operation] === now
      : kind[operation] === DIFFERS && expects[operation] !== now
  }
  const takeObservations = (): void => {
    for (let moved = true; moved; ) {
      moved = false
      for (let thread = 0; thread < count; thread++) {
        for (let next = nextOf(thread); next !== -1 && holds(next); next = nextOf(thread)) {
          put(next)
          moved = true
        }
      }
    }
  }
  const heads = new Int32Array(count)
  // For each value of a key, the number of threads whose next operation observes this value.
  const waiting = new Map<number, number>()
  const nameOf = (operation: number, value: number): number => key[operation] * values + value
  const countWaiting = (): void => {
    waiting.clear()
    for (let thread = 0; thread < count; thread++) {
      const head = nextOf(thread)
      heads[thread] = head
      if (head === -1 || returns[head] === NEVER || (kind[head] !== READ && kind[head] !== CAS)) continue
      const name = nameOf(head, expects[head])
      waiting.set(name, (waiting.get(name) ?? 0) + 1)
    }
  }
  const weights = new Float64Array(count)
  /** Draws a write at random; -1 if no write is possible. */
  const draw = (): number => {
    countWaiting()
    let total = 0
    for (let thread = 0; thread < count; thread++) {
      weights[thread] = weightOf(heads[thread])
      total += weights[thread]
    }
    if (total === 0) return -1
    let lot = random() * total
    let last = -1
    for (let thread = 0; thread < count; thread++) {
      if (weights[thread] === 0) continue
      last = heads[thread]
      lot -= weights[thread]
      if (lot < 0) break
    }
    return last
  }
  const weightOf = (operation: number): number => {
    if (operation === -1) return 0
    const k = key[operation]
    const isPossible = kind[operation] === WRITE || (kind[operation] === CAS && expects[operation] === state[k])
    const isOptional = returns[operation] === NEVER
    if (!isPossible || (isOptional && writes[operation] === state[k])) return 0
    const wanted = waiting.get(nameOf(operation, writes[operation])) ?? 0
    return (isOptional ? 1 : CERTAIN) * 2 ** Math.min(FOR_EACH_WAITING * wanted, MOST_FAVOURED)
  }
  for (;;) {
    takeObservations()
    if (left === 0) return order.slice(0, placed)
    if (pace.isLate()) return undefined
    const write = draw()
    if (write === -1) return undefined
    state[key[write]] = writes[write]
    put(write)
  }
}

/** Creates a Mulberry32 generator of numbers in [0, 1). */
function createRandom(): () => number {
  let state = SEED
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
