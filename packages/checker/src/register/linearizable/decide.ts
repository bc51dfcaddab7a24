import { int32Array } from '@chaosproxy/history'
import { compact, type Encoded, gathered, restrict } from '../../encoding/encoded.ts'
import { partition } from '../../encoding/partition.ts'
import { type Budget, inTime } from '../../limits/budget.ts'
import { alone, type Limit, type Race, rankOf } from '../../limits/race.ts'
import { notRecorded } from '../../verdict/reason.ts'
import { areAppendsInOrder } from '../replay/text-replay.ts'
import { casesOf, onlyCases } from '../start/cases.ts'
import { orderAppends } from './distinct/append-zones.ts'
import { operationsAt } from './distinct/conflict.ts'
import { decideInLinearTime, earliestViolation } from './distinct/linear-time.ts'
import { decideManyKeys, hasManyKeys } from './many-keys.ts'
import { type KeyOrder, type Linearizability, reasonUndecided, type Violation } from './portfolio/answer.ts'
import { createPortfolio } from './portfolio/portfolio.ts'
import { createDue, type JsonOf, OPERATIONS_PER_LOOK, type Task, takeTurns, type Undertaking, verify } from './turns.ts'

const TOO_MANY_STARTS = notRecorded(
  'nobody knows what was there at the start: none of the initial values tried explains what was read, and there are too many to try all',
)

/**
 * Maps each linearizable part to its operations and to a function that computes their order. The function is called
 * only if no key is violated.
 */
type LaidOut = ReadonlyMap<number, { readonly operations: Encoded; readonly order: () => Int32Array }>

/**
 * Decides each key separately (linearizability is local: Herlihy & Wing 1990, Theorem 1). Searches take turns with
 * growing step budgets, so that a violation of one key is found even if another key is hard to decide.
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
  if (hasManyKeys(encoded)) return decideManyKeys(encoded, jsonOf, budget, race)
  const parts = partsOfKeys()
  const cases = encoded.anyStart ? casesOf(parts, jsonOf) : onlyCases(parts)
  const orders = parts.map(() => undefined)
  const numberOf = (part: number): number => part
  const work: Undertaking = { encoded, parts, cases, numberOf, jsonOf, budget, race, orders, conflicts: new Map() }
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

/** Decides keys in linear time where possible, and begins a search for each other key. */
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
    const answer = inTime(() => decideInLinearTime(part, budget))
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
    if (isDue(part) && budget.expired(OPERATIONS_PER_LOOK)) break
  }
  return laidOut
}

/**
 * Computes the orders of the keys that `decideQuickly` found to be linearizable. This takes as long as deciding the
 * keys, so it is done only if `decideQuickly` found no violation.
 */
function layOut(
  { jsonOf, budget, race, orders }: Undertaking,
  laidOut: LaidOut,
  isDue: (part: Encoded) => boolean,
): void {
  for (const [p, { operations, order }] of laidOut) {
    if (race.isBeaten(rankOf(0, p)) || (isDue(operations) && budget.expired(OPERATIONS_PER_LOOK))) break
    const laid = inTime(order)
    if (laid === undefined) break
    verify(operations, p, laid, jsonOf)
    orders[p] = laid
  }
}

function conclude({ encoded, parts, orders }: Undertaking, exhausted: Limit | undefined): Linearizability {
  if (orders.every((order) => order !== undefined)) return { result: 'met', orders: ordersOfParts(parts, orders) }
  if (exhausted === undefined && encoded.anyStart) {
    const missing = orders.filter((order) => order === undefined).length
    return { result: 'unknown', reason: TOO_MANY_STARTS, undecided: missing, limit: 'time' }
  }
  const limit = exhausted ?? 'time'
  // Keys that other threads judge have no operations here.
  const missing = parts.filter((part, p) => part.length > 0 && orders[p] === undefined).length
  return { result: 'unknown', reason: reasonUndecided(limit, missing, parts.length), undecided: missing, limit }
}

function ordersOfParts(parts: readonly Encoded[], orders: readonly Int32Array[]): KeyOrder[] {
  const laidOut: KeyOrder[] = []
  for (let p = 0; p < parts.length; p++) {
    const { row, key } = parts[p]
    if (orders[p].length > 0)
      laidOut.push({ key: parts.length === 1 ? 0 : key[0], rows: () => gathered(row, orders[p]) })
  }
  return laidOut
}

/**
 * Decides histories with appends to strings, for all keys at once. Undefined if the keys must be decided one by one.
 */
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
  if (!areAppendsInOrder(encoded, found)) throw new Error('the orders found for appends do not prove linearizability')
  const orders: KeyOrder[] = []
  for (let key = 0; key < encoded.keys; key++) {
    const [from, to] = [starts[key], starts[key + 1]]
    if (from < to) orders.push({ key, rows: () => order.slice(from, to).map((i) => encoded.row[i]) })
  }
  return { result: 'met', orders }
}

function onKey(key: number, encoded: Encoded, budget: Budget): Encoded {
  const indices: number[] = []
  for (let i = 0; i < encoded.length; i++) if (encoded.key[i] === key) indices.push(i)
  return compact(restrict(encoded, indices, budget), budget, int32Array(encoded.values))
}

/** Splits a history by key. If it has a single key and few gaps between its events, returns the history itself. */
export function partsOf(encoded: Encoded, budget: Budget): readonly Encoded[] {
  const lastCall = encoded.length === 0 ? 0 : encoded.calls[encoded.length - 1]
  if (encoded.keys === 1 && lastCall <= 4 * encoded.length + 1024) return [encoded]
  return partition(encoded, budget)
}
