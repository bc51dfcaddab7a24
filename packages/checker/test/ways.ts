import type { Json } from '@chaosproxy/history'
import { type Encoded, NEVER } from '../src/encoding/encoded.ts'
import type { Budget, Progress } from '../src/limits/budget.ts'
import { appendZones } from '../src/register/linearizable/distinct/append-zones.ts'
import { chainZones } from '../src/register/linearizable/distinct/chain-zones.ts'
import { type ZonesAnswer, zones } from '../src/register/linearizable/distinct/zones.ts'
import { MOST_OPEN } from '../src/register/linearizable/open/narrow-open.ts'
import { eventsByPosition } from '../src/register/linearizable/open/open.ts'
import { createNarrowSearch } from '../src/register/linearizable/search/narrow-search.ts'
import { createSearch } from '../src/register/linearizable/search/search.ts'
import { createNarrowFrontier } from '../src/register/linearizable/walks/narrow.ts'
import { createFrontierSearch } from '../src/register/linearizable/walks/refinement.ts'
import { faultOfWitness, type OrderRule } from '../src/register/replay/replay.ts'
import { layOut } from '../src/register/sequential/greedy.ts'
import { completion, orderWrites } from '../src/register/sequential/orders.ts'
import { readsFrom } from '../src/register/sequential/reads-from.ts'
import { type Saturation, saturate } from '../src/register/sequential/saturation.ts'
import { createSequentialSearch } from '../src/register/sequential/search.ts'
import { assignSlots } from '../src/search/events.ts'

// Every algorithm of the checker that can decide a level, separately. `check` uses the first one that applies, so it
// would never show a mistake in the others.

/**
 * Whether there is an order; undefined if the algorithm cannot decide. A text describes what is wrong with an invalid
 * witness.
 */
export type Answer = boolean | undefined | string

type JsonOf = (name: number) => Json
type Decide = (operations: Encoded, jsonOf: JsonOf, budget: Budget) => Answer

/** Algorithms for the operations of one key. */
export const waysToLinearizable: { readonly [name: string]: Decide } = {
  zones: (part, jsonOf) => byZones(part, zones(part), jsonOf),
  'zones of chains': (part, jsonOf) => byZones(part, chainZones(part), jsonOf),
  'blocks of appends': (part, jsonOf) => (part.hasAppend ? byZones(part, appendZones(part), jsonOf) : undefined),
  'search in depth': (part, jsonOf, budget) => bySearch(part, createSearch(part, jsonOf, budget), jsonOf, 'real time'),
  'narrow search': (part, jsonOf, budget) => {
    const events = eventsByPosition(part)
    const slots = assignSlots(events, part.length)
    if (part.hasAppend || part.returns.includes(NEVER) || slots.count > MOST_OPEN) return undefined
    return bySearch(part, createNarrowSearch(part, events, slots, budget), jsonOf, 'real time')
  },
  'frontier search': (part, jsonOf, budget) => {
    const search = createFrontierSearch(part, budget)
    return search === undefined ? undefined : bySearch(part, search, jsonOf, 'real time')
  },
  'narrow frontier': (part, jsonOf, budget) => {
    const search = createNarrowFrontier(part, budget)
    return search === undefined ? undefined : bySearch(part, search, jsonOf, 'real time')
  },
}

/** Algorithms for the operations of all keys together. */
export const waysToSequential: { readonly [name: string]: Decide } = {
  'forced orders, then laying out': (all, jsonOf, budget) =>
    byForcedOrders(all, jsonOf, budget, (saturation) => layOut(saturation, budget)),
  'forced orders, then pair by pair': (all, jsonOf, budget) =>
    byForcedOrders(all, jsonOf, budget, (saturation) => {
      const { result } = orderWrites(saturation, budget)
      return result === 'met' ? completion(saturation) : result === 'violated' ? 'violated' : undefined
    }),
  'search by process': (all, jsonOf, budget) =>
    bySearch(all, createSequentialSearch(all, jsonOf, budget), jsonOf, 'process order'),
}

function byZones(part: Encoded, answer: ZonesAnswer, jsonOf: JsonOf): Answer {
  if (answer.result === 'not applicable') return undefined
  return answer.result === 'met' && accepted(part, answer.order(), 'real time', jsonOf)
}

interface Runs {
  readonly run: (steps: number) => Progress
  readonly order: () => Int32Array
  readonly release: () => void
}

const MOST_TURNS = 100
const STEPS = 10_000

function bySearch(operations: Encoded, search: Runs, jsonOf: JsonOf, rule: OrderRule): Answer {
  let progress = search.run(STEPS)
  for (let turns = 1; progress === 'paused' && turns < MOST_TURNS; turns++) progress = search.run(STEPS)
  const answer =
    progress === 'met'
      ? accepted(operations, search.order(), rule, jsonOf)
      : progress === 'violated'
        ? false
        : undefined
  search.release()
  return answer
}

function byForcedOrders(
  all: Encoded,
  jsonOf: JsonOf,
  budget: Budget,
  finish: (saturation: Saturation) => Int32Array | 'violated' | undefined,
): Answer {
  const facts = readsFrom(all)
  if (facts.result !== 'unique') return facts.result === 'thin air' ? false : undefined
  const saturated = saturate(facts, budget)
  if (saturated.result === 'stopped') return undefined
  const order = saturated.result === 'conflict' ? 'violated' : finish(saturated.saturation)
  saturated.saturation.release()
  if (order === 'violated') return false
  return order === undefined ? undefined : accepted(facts.encoded, order, 'process order', jsonOf)
}

function accepted(operations: Encoded, order: Int32Array, rule: OrderRule, jsonOf: JsonOf): true | string {
  const alone =
    rule === 'process order' ? operations : { ...operations, keys: 1, key: new Int32Array(operations.length) }
  return faultOfWitness(alone, order, rule, jsonOf) ?? true
}
