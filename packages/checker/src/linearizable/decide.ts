import { int32Array, type Json } from '@chaosproxy/history'
import { type Budget, inTime } from '../budget.ts'
import { compact, type Encoded, gathered, prefix, restrict } from '../encoded.ts'
import { partition } from '../partition.ts'
import { alone, type Limit, type Race, rankOf } from '../race.ts'
import { casesOf, onlyCases } from '../start/cases.ts'
import { operationsAt } from './conflict.ts'
import { orderAppends } from './distinct/append-zones.ts'
import { decideInLinearTime } from './distinct/linear-time.ts'
import { createPortfolio } from './portfolio.ts'
import { faultOnOneKey } from './replay/replay.ts'
import { areAppendsInOrder } from './replay/text-replay.ts'
import type { Search } from './search/search.ts'

export type Linearizability =
  /** For the keys that have operations, in order of their numbers. */
  | { readonly result: 'met'; readonly orders: readonly KeyOrder[] }
  /** `culpritReturn` finds that key's first return that cannot be explained. */
  | {
      readonly result: 'violated'
      readonly part: Encoded
      readonly culpritReturn: () => number
      /** The operations involved in the contradiction; empty if unknown. */
      readonly conflict: readonly number[]
      /** See `rankOf`. */
      readonly rank: number
    }
  | {
      readonly result: 'unknown'
      readonly reason: string
      readonly limit: Limit
      /** Keys without an answer. */
      readonly undecided: number
    }

/** A key's operations in an order that explains them. */
export interface KeyOrder {
  readonly key: number
  /** As rows of the history, listed on demand. */
  readonly rows: () => Int32Array
}

type JsonOf = (name: number) => Json

/** A search that has begun. */
interface Task {
  readonly part: number
  /** The number of its case. */
  readonly number: number
  readonly operations: Encoded
  readonly search: Search
}

const TOO_MANY_STARTS =
  'nobody knows what was there at the start, and of the many values that it may have been none that was tried explains what was read'

/** What is known so far of the keys of one history. */
interface Undertaking {
  readonly encoded: Encoded
  readonly parts: readonly Encoded[]
  readonly cases: Cases
  readonly jsonOf: JsonOf
  readonly budget: Budget
  readonly race: Race
  /** By part; undefined until an order is found and replayed. */
  readonly orders: (Int32Array | undefined)[]
  /** By part: the contradictions of its cases. */
  readonly conflicts: Map<number, readonly number[]>
}

type Cases = ReturnType<typeof onlyCases>
type Violation = Extract<Linearizability, { readonly result: 'violated' }>

/** An order found in linear time, to be laid out if no key is violated. */
type LaidOut = ReadonlyMap<number, { readonly operations: Encoded; readonly order: () => Int32Array }>

/**
 * Decides each key separately (linearizability is local: Herlihy & Wing 1990, Theorem 1). Keys that the linear-time
 * conditions cannot decide take turns with growing step budgets, so that a violation in one is found even if another is
 * hard.
 *
 * @throws OutOfTime if there is no time to begin.
 */
export function decideLinearizable(
  encoded: Encoded,
  jsonOf: JsonOf,
  budget: Budget,
  race: Race = alone,
  partsOfKeys: () => readonly Encoded[] = () => partsOf(encoded, budget),
): Linearizability {
  const appends = encoded.hasAppend && !encoded.anyStart ? decideAppends(encoded, budget) : undefined
  if (appends !== undefined) return appends
  const parts = partsOfKeys()
  const cases = encoded.anyStart ? casesOf(parts, jsonOf) : onlyCases(parts)
  const orders = parts.map(() => undefined)
  const work: Undertaking = { encoded, parts, cases, jsonOf, budget, race, orders, conflicts: new Map() }
  const open: Task[] = []
  const isDue = createDue()
  const quick = decideQuickly(work, open, isDue)
  if ('result' in quick) {
    for (const { search } of open) search.release()
    return quick
  }
  layOut(work, quick, isDue)
  const exhausted = takeTurns(work, open)
  return typeof exhausted === 'object' ? exhausted : conclude(work, exhausted)
}

/** Decides what linear time decides; what is left is begun as a search. */
function decideQuickly(
  { encoded, parts, cases: { cases, partOf, refute }, jsonOf, budget, race, conflicts }: Undertaking,
  open: Task[],
  isDue: (part: Encoded) => boolean,
): LaidOut | Violation {
  const laidOut = new Map<number, { readonly operations: Encoded; readonly order: () => Int32Array }>()
  for (const [c, part] of cases.entries()) {
    const p = partOf(c)
    if (laidOut.has(p)) continue
    if (race.isBeaten(rankOf(0, p))) break
    const answer = inTime(
      () => decideInLinearTime(part, budget),
      () => undefined,
    )
    if (answer === undefined) break
    if (answer.result === 'met') laidOut.set(p, { operations: part, order: answer.order })
    else if (answer.result === 'violated') {
      const compacted = compact(part)
      const conflict = [...(conflicts.get(p) ?? []), ...operationsAt(part, answer.conflicts[0] ?? [])]
      conflicts.set(p, conflict)
      const culprit = refute(c, () => earliestViolation(compacted, budget))
      if (culprit !== undefined) {
        const violated = encoded.anyStart ? compact(parts[p]) : compacted
        const culpritReturn = (): number => culprit(violated)
        return { result: 'violated', part: violated, culpritReturn, conflict, rank: rankOf(0, p) }
      }
    } else {
      open.push({ part: p, number: c, operations: part, search: createPortfolio(part, jsonOf, budget) })
    }
    if (isDue(part) && budget.expired()) break
  }
  return laidOut
}

/** Called only if no key is violated in linear time, since it takes as long again. */
function layOut(
  { jsonOf, budget, race, orders }: Undertaking,
  laidOut: LaidOut,
  isDue: (part: Encoded) => boolean,
): void {
  for (const [p, { operations, order }] of laidOut) {
    if (race.isBeaten(rankOf(0, p)) || (isDue(operations) && budget.expired())) break
    const laid = inTime(order, () => undefined)
    if (laid === undefined) break
    verify(operations, p, laid, jsonOf)
    orders[p] = laid
  }
}

/** The searches take turns. Returns a violation, or what ran out; undefined if every search came to its end. */
function takeTurns(work: Undertaking, open: Task[]): Violation | Limit | undefined {
  const { parts, cases, jsonOf, budget, race, orders, conflicts } = work
  let steps = FIRST_STEPS
  let undecided = open.splice(0)
  let exhausted: Limit | undefined = budget.expired() ? 'time' : undefined
  for (let turn = 1; undecided.length > 0 && exhausted !== 'time'; turn++) {
    const still: typeof undecided = []
    for (const task of undecided) {
      const { part, number, operations, search } = task
      if (orders[part] !== undefined) {
        search.release()
        continue
      }
      if (exhausted === 'time') {
        still.push(task)
        continue
      }
      const rank = rankOf(turn, part)
      const isOver = (): boolean => budget.expired() || race.isBeaten(rank)
      const progress = runInSlices(search, steps * (operations.length + 1), isOver)
      if (progress === 'met') {
        const order = search.order().slice()
        verify(operations, part, order, jsonOf)
        orders[part] = order
        search.release()
      } else if (progress === 'violated') {
        const culprit = operations.returns.indexOf(search.culpritReturn())
        const violated = compact(parts[part])
        const found = cases.refute(number, () => violated.returns[culprit])
        if (found === undefined) {
          search.release()
          continue
        }
        for (const each of undecided) each.search.release()
        const conflict = conflicts.get(part) ?? []
        return { result: 'violated', part: violated, culpritReturn: () => found(violated), conflict, rank }
      } else if (progress === 'out of memory') {
        exhausted = 'memory'
        search.release()
      } else {
        if (progress === 'out of time') exhausted = 'time'
        still.push(task)
      }
    }
    undecided = still
    steps *= GROWTH
  }
  for (const { search } of undecided) search.release()
  return exhausted
}

/** The answer if no violation was found. */
function conclude({ encoded, parts, orders }: Undertaking, exhausted: Limit | undefined): Linearizability {
  if (orders.every((order) => order !== undefined)) return { result: 'met', orders: ordersOfParts(parts, orders) }
  if (exhausted === undefined && encoded.anyStart) {
    const missing = orders.filter((order) => order === undefined).length
    return { result: 'unknown', reason: TOO_MANY_STARTS, undecided: missing, limit: 'time' }
  }
  const limit = exhausted ?? 'time'
  // In a share of the keys, the other keys have no operations.
  const missing = parts.filter((part, p) => part.length > 0 && orders[p] === undefined).length
  return { result: 'unknown', reason: reasonUndecided(limit, missing, parts.length), undecided: missing, limit }
}

function ordersOfParts(parts: readonly Encoded[], orders: readonly Int32Array[]): KeyOrder[] {
  return parts.flatMap(({ row, key }, p) =>
    orders[p].length === 0 ? [] : [{ key: parts.length === 1 ? 0 : key[0], rows: () => gathered(row, orders[p]) }],
  )
}

/** Decides strings of all keys at once; undefined if some key must be decided separately. */
function decideAppends(encoded: Encoded, budget: Budget): Linearizability | undefined {
  const found = encoded.hasConditional ? undefined : orderAppends(encoded, budget)
  if (found === undefined) return undefined
  const { order, starts, isViolated, isUnclear } = found
  const violated = isViolated.findIndex((each, k) => each === 1 && isUnclear[k] === 0)
  if (violated !== -1) {
    const part = onKey(violated, encoded, budget)
    const culpritReturn = (): number => earliestViolation(part, budget)
    const conflict = found.conflicts
      .map((each) => operationsAt(encoded, each))
      .find(([first]) => first !== undefined && encoded.key[first] === violated)
    return {
      result: 'violated',
      part,
      culpritReturn,
      conflict: (conflict ?? []).map((i) => part.row.indexOf(encoded.row[i])),
      rank: rankOf(0, violated),
    }
  }
  if (isUnclear.includes(1)) return undefined
  if (!areAppendsInOrder(encoded, found)) throw new Error('the orders of appends are not witnesses of linearizability')
  const orders: KeyOrder[] = []
  for (let key = 0; key < encoded.keys; key++) {
    const [from, to] = [starts[key], starts[key + 1]]
    if (from < to) orders.push({ key, rows: () => order.slice(from, to).map((i) => encoded.row[i]) })
  }
  return { result: 'met', orders }
}

/** The operations on one key. */
function onKey(key: number, encoded: Encoded, budget: Budget): Encoded {
  const indices: number[] = []
  for (let i = 0; i < encoded.length; i++) if (encoded.key[i] === key) indices.push(i)
  return compact(restrict(encoded, indices, budget), budget, int32Array(encoded.values))
}

/** Replays an order before it is reported. Throws if it is wrong, which is our own bug. */
function verify(part: Encoded, key: number, order: Int32Array, jsonOf: JsonOf): void {
  const fault = faultOnOneKey(part, order, jsonOf)
  if (fault === undefined) return
  throw new Error(`the order found for key ${key} is not a witness of linearizability: ${fault}`)
}

/**
 * A history of one key is used as it is if its events have few gaps: copying a million operations would gain nothing.
 */
export function partsOf(encoded: Encoded, budget: Budget): readonly Encoded[] {
  const lastCall = encoded.length === 0 ? 0 : encoded.calls[encoded.length - 1]
  if (encoded.keys === 1 && lastCall <= 4 * encoded.length + 1024) return [encoded]
  return partition(encoded, budget)
}

/** Operations decided in linear time between two checks of the clock, and the fixed cost of a part in operations. */
const OPERATIONS_PER_LOOK = 16_384
const OPERATIONS_FOR_A_PART = 64

/** Returns whether a clock check is due, counting parts. */
function createDue(): (part: Encoded) => boolean {
  let sinceLook = 0
  return ({ length }) => {
    sinceLook += length + OPERATIONS_FOR_A_PART
    if (sinceLook < OPERATIONS_PER_LOOK) return false
    sinceLook = 0
    return true
  }
}

/** Steps per operation in the first turn, and the growth of each later turn. */
const FIRST_STEPS = 20
const GROWTH = 8
const SLICE = 4096

function runInSlices(search: Search, steps: number, isOver: () => boolean): ReturnType<Search['run']> | 'out of time' {
  for (let left = steps; left > 0; left -= SLICE) {
    const progress = inTime(
      () => search.run(Math.min(left, SLICE)),
      () => 'out of time' as const,
    )
    if (progress !== 'paused') return progress
    if (isOver()) return 'out of time'
  }
  return 'paused'
}

/** Why there is no answer: what ran out, and how many keys are undecided. */
export function reasonUndecided(limit: Limit, undecided: number, keys: number): string {
  const said = limit === 'memory' ? 'out of memory (see --memory)' : 'out of time (see --timeout)'
  if (keys === 1) return `${said}: the search found neither an order nor a contradiction`
  return `${said}: ${keys - undecided} of ${keys} keys are linearizable, no contradiction was found in the others`
}

/**
 * The first return event at which the zones conflict. Prefixes of a linearizable history are linearizable, so bisection
 * finds it.
 *
 * @throws OutOfTime
 */
function earliestViolation(part: Encoded, budget: Budget): number {
  let low = 0
  let high = 2 * part.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (decideInLinearTime(compact(prefix(part, middle, budget), budget), budget).result === 'violated') high = middle
    else low = middle + 1
  }
  return low
}
