import { int32Array } from '@chaosproxy/history'
import { compact, type Encoded, NEVER, NOTHING } from '../../encoding/encoded.ts'
import { type Separated, separated } from '../../encoding/partition.ts'
import { type Budget, inTime } from '../../limits/budget.ts'
import { type Limit, type Race, rankOf } from '../../limits/race.ts'
import type { PackedOrders } from '../../verdict/witness-order.ts'
import { onlyCases } from '../start/cases.ts'
import { operationsAt } from './distinct/conflict.ts'
import { decideInLinearTime, earliestViolation } from './distinct/linear-time.ts'
import { type Linearizability, reasonUndecided, type Violation } from './portfolio/answer.ts'
import { createPortfolio } from './portfolio/portfolio.ts'
import {
  createDue,
  FIRST_STEPS,
  type JsonOf,
  OPERATIONS_PER_LOOK,
  runInSlices,
  type Task,
  takeTurns,
  type Undertaking,
  verify,
} from './turns.ts'

/** With more keys, one history per key takes more memory than the whole history. */
const MANY = 8_192

/** Reports whether `decideManyKeys` can decide the history. */
export const hasManyKeys = ({ keys, anyStart, hasAppend }: Encoded): boolean => keys > MANY && !anyStart && !hasAppend

/** The number of operations whose orders are computed together. */
const LAID_TOGETHER = 65_536

/** The results so far. Orders are kept as columns, because objects for a million keys would not fit into memory. */
interface Known {
  readonly encoded: Encoded
  readonly separated: Separated
  readonly jsonOf: JsonOf
  readonly budget: Budget
  readonly race: Race
  /** The rows of each key's order, one key after another. */
  readonly rows: Int32Array
  /** By key: how many of its operations are in `rows`; -1 until the order of these operations is stored there. */
  readonly counts: Int32Array
  readonly hard: { readonly keys: number[]; readonly parts: Encoded[]; readonly tasks: Task[] }
}

/**
 * A linearizable key. `order` computes the order of its operations on demand, because this order is not needed if
 * another key of the batch is not linearizable.
 */
interface Found {
  readonly key: number
  readonly part: Encoded
  readonly order: () => Int32Array
}

/**
 * Decides many keys one after another. Keeps separate histories only of keys that a first attempt does not decide.
 *
 * @throws OutOfTime if there is no time to begin.
 */
export function decideManyKeys(encoded: Encoded, jsonOf: JsonOf, budget: Budget, race: Race): Linearizability {
  const { length, keys } = encoded
  if (!budget.take(BYTES_PER_OPERATION * length + BYTES_PER_KEY * keys)) {
    return { result: 'unknown', reason: reasonUndecided('memory', keys, keys), limit: 'memory', undecided: keys }
  }
  const known: Known = {
    ...{ encoded, jsonOf, budget, race, separated: separated(encoded, budget) },
    ...{ rows: int32Array(length), counts: int32Array(keys).fill(-1), hard: { keys: [], parts: [], tasks: [] } },
  }
  const stopped = attemptEach(known)
  const { hard } = known
  if (typeof stopped === 'object') {
    for (const { search } of hard.tasks) search.release()
    return stopped
  }
  const work: Undertaking = {
    ...{ encoded, jsonOf, budget, race, parts: hard.parts, cases: onlyCases(hard.parts), conflicts: new Map() },
    ...{ numberOf: (part) => hard.keys[part], orders: hard.parts.map(() => undefined) },
  }
  const exhausted = takeTurns(work, hard.tasks)
  if (typeof exhausted === 'object') return exhausted
  for (const [p, order] of work.orders.entries())
    if (order !== undefined) keep(known, hard.keys[p], hard.parts[p], order)
  return conclude(known, stopped ?? exhausted)
}

/** The memory for the columns `rows` and `counts`, for the result, and for the key that is being decided, in bytes. */
const BYTES_PER_OPERATION = 8
const BYTES_PER_KEY = 16

/**
 * Tries to decide each key, in linear time or by the first steps of a search. Returns a violation or the limit reached,
 * if any.
 */
function attemptEach(known: Known): Violation | Limit | undefined {
  const { encoded, budget, race, separated } = known
  const isDue = createDue()
  let waiting: Found[] = []
  let operations = 0
  for (let key = 0; key < encoded.keys; key++) {
    if (race.isBeaten(rankOf(0, key))) break
    if (keepWrites(known, key)) continue
    const part = separated.at(key)
    const found = attempt(known, key, part)
    if (found === 'time' || found === 'memory') return found
    if (found !== undefined && 'result' in found) return found
    if (found !== undefined) waiting.push(found)
    operations += part.length + 1
    if (operations > LAID_TOGETHER) {
      layOut(known, waiting)
      waiting = []
      operations = 0
    }
    if (isDue(part) && budget.expired(OPERATIONS_PER_LOOK)) return 'time'
  }
  layOut(known, waiting)
  return undefined
}

function attempt({ jsonOf, budget, hard }: Known, key: number, part: Encoded): Found | Violation | Limit | undefined {
  const answer = inTime(() => decideInLinearTime(part, budget))
  if (answer === undefined) return 'time'
  if (answer.result === 'met') return { key, part, order: answer.order }
  const rank = rankOf(0, key)
  if (answer.result === 'violated') {
    const violated = compact(part)
    const conflict = operationsAt(part, answer.conflicts[0] ?? [])
    return {
      result: 'violated',
      part: violated,
      culpritReturn: () => earliestViolation(violated, budget),
      conflict,
      rank,
    }
  }
  const search = createPortfolio(part, jsonOf, budget)
  const progress = runInSlices(search, FIRST_STEPS * (part.length + 1), (stepsDone) => budget.expired(stepsDone))
  if (progress === 'paused' || progress === 'out of time') {
    hard.tasks.push({ part: hard.parts.length, number: hard.parts.length, operations: part, search })
    hard.parts.push(part)
    hard.keys.push(key)
    return progress === 'paused' ? undefined : 'time'
  }
  const order = progress === 'met' ? search.order().slice() : undefined
  const culprit = progress === 'violated' ? part.returns.indexOf(search.culpritReturn()) : -1
  search.release()
  if (order !== undefined) return { key, part, order: () => order }
  if (progress === 'out of memory') return 'memory'
  const violated = compact(part)
  return { result: 'violated', part: violated, culpritReturn: () => violated.returns[culprit], conflict: [], rank }
}

/**
 * Stores an order of a key that is only written, never read. For such a key, every order that respects real time is
 * legal.
 */
function keepWrites({ separated: { starts, columns }, rows, counts }: Known, key: number): boolean {
  if (columns === undefined) return starts[key] === starts[key + 1]
  const { expects, returns, row } = columns
  for (let i = starts[key]; i < starts[key + 1]; i++) if (expects[i] !== NOTHING) return false
  let count = 0
  for (let i = starts[key]; i < starts[key + 1]; i++) if (returns[i] !== NEVER) rows[starts[key] + count++] = row[i]
  counts[key] = count
  return true
}

function layOut(known: Known, waiting: readonly Found[]): void {
  for (const { key, part, order } of waiting) {
    const laid = inTime(order)
    if (laid === undefined) return
    verify(part, key, laid, known.jsonOf)
    keep(known, key, part, laid)
  }
}

function keep({ separated: { starts }, rows, counts }: Known, key: number, { row }: Encoded, order: Int32Array): void {
  for (let at = 0; at < order.length; at++) rows[starts[key] + at] = row[order[at]]
  counts[key] = order.length
}

function conclude(
  { encoded, separated: { starts }, rows, counts }: Known,
  exhausted: Limit | undefined,
): Linearizability {
  let undecided = 0
  let decided = 0
  for (let key = 0; key < encoded.keys; key++) {
    // Keys that other threads judge have no operations here.
    if (counts[key] === -1 && starts[key] < starts[key + 1]) undecided++
    else if (counts[key] > 0) decided++
  }
  if (undecided > 0) {
    const limit = exhausted ?? 'time'
    return { result: 'unknown', reason: reasonUndecided(limit, undecided, encoded.keys), limit, undecided }
  }
  const packed: PackedOrders = { keys: int32Array(decided), ends: int32Array(decided), rows }
  let end = 0
  let place = 0
  for (let key = 0; key < encoded.keys; key++) {
    if (counts[key] <= 0) continue
    // Closes the gaps left by operations without an effect.
    rows.copyWithin(end, starts[key], starts[key] + counts[key])
    end += counts[key]
    packed.keys[place] = key
    packed.ends[place++] = end
  }
  return { result: 'met', orders: [], packed }
}
