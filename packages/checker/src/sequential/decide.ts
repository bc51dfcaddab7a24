import type { Json } from '@chaos/history'
import type { Budget } from '../budget.ts'
import type { Encoded } from '../encoded.ts'
import { layOut } from './greedy.ts'
import { completion, orderWrites, type Pair } from './orders.ts'
import { type ReadsFrom, readsFrom } from './reads-from.ts'
import { type Conflict, type Saturation, saturate } from './saturation.ts'
import { createSequentialSearch } from './search.ts'

export type Sequentiality =
  /** In terms of the history given. */
  | { readonly result: 'met'; readonly order: Int32Array }
  | {
      readonly result: 'violated'
      /** Where the contradiction is a single cycle of forced orders. */
      readonly cycle?: { readonly facts: ReadsFrom; readonly saturation: Saturation; readonly conflict: Conflict }
      /** Where it takes a case for each order of some pairs: operations that contradict each other by themselves. */
      readonly involved?: readonly number[] | undefined
      readonly pairs?: readonly Pair[]
      /** Where it is a value that nobody can have written: the operation that observed it. */
      readonly thinAir?: number
    }
  | { readonly result: 'unknown'; readonly reason: string }

/**
 * Decides sequential consistency (Lamport 1979) of all keys together; two keys may each have an order and the whole none.
 * Where it is certain which write each read saw: forced orders to a fixpoint, then one straight attempt at an order, then
 * both orders of each open pair of writes. Otherwise a search over how far each process has got.
 *
 * `steps` bounds the search for repeated values; without it only the budget does. `facts` is what is known of who read from
 * whom, where that was found out before.
 */
export function findSequentialOrder(
  encoded: Encoded,
  jsonOf: (name: number) => Json,
  budget: Budget,
  steps: number = Number.POSITIVE_INFINITY,
  facts: ReturnType<typeof readsFrom> = readsFrom(encoded),
): Sequentiality {
  if (facts.result === 'thin air') return { result: 'violated', thinAir: facts.read }
  if (facts.result === 'repeated values') return searchOrder(encoded, jsonOf, budget, steps)

  const saturated = saturate(facts, budget)
  if (saturated.result === 'stopped') return unknown(saturated.reason)
  const { saturation } = saturated
  try {
    if (saturated.result === 'conflict') {
      return { result: 'violated', cycle: { facts, saturation, conflict: saturated.conflict } }
    }
    const direct = layOut(saturation, budget)
    if (direct !== undefined) return metBy(direct, facts)
  } finally {
    saturation.release()
  }
  return orderAllWrites(facts, budget)
}

const metBy = (order: Int32Array, { indices }: ReadsFrom): Sequentiality => ({
  result: 'met',
  order: order.map((i) => indices[i]),
})

function orderAllWrites(facts: ReadsFrom, budget: Budget): Sequentiality {
  const saturated = saturate(facts, budget)
  if (saturated.result === 'stopped') return unknown(saturated.reason)
  const { saturation } = saturated
  try {
    const answer = orderWrites(saturation, budget)
    if (answer.result === 'met') return metBy(completion(saturation), facts)
    if (answer.result === 'stopped') return unknown('time')
    const { involved, pairs } = answer
    return {
      result: 'violated',
      involved: involved?.map((i) => facts.indices[i]),
      pairs: pairs.map(({ first, second }) => ({ first: facts.indices[first], second: facts.indices[second] })),
    }
  } finally {
    saturation.release()
  }
}

function searchOrder(encoded: Encoded, jsonOf: (name: number) => Json, budget: Budget, steps: number): Sequentiality {
  const search = createSequentialSearch(encoded, jsonOf, budget)
  try {
    for (let left = steps; left > 0; left -= SLICE) {
      const progress = search.run(Math.min(left, SLICE))
      if (progress === 'met') return { result: 'met', order: search.order() }
      if (progress === 'violated') return { result: 'violated' }
      if (progress === 'out of memory') return unknown('memory')
      if (budget.expired()) return unknown('time')
    }
    return unknown('time')
  } finally {
    search.release()
  }
}

const SLICE = 4096

const unknown = (limit: 'time' | 'memory'): Sequentiality => ({
  result: 'unknown',
  reason: `out of ${limit === 'time' ? 'time (see --timeout)' : 'memory (see --memory)'}: neither an order of all operations nor a contradiction was found`,
})
