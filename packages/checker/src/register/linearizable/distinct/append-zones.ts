import { int32Array, NULL, type ValueId } from '@chaosproxy/history'
import type { Encoded } from '../../../encoding/encoded.ts'
import { UNMENTIONED } from '../../../encoding/unknown-start.ts'
import { type Budget, unlimited } from '../../../limits/budget.ts'
import { type Orders, orderChains } from './chains.ts'
import { versionsOf } from './versions.ts'
import { eventCount, type ZonesAnswer } from './zones.ts'

/** The orders found, of all keys. */
export interface AppendOrders extends Orders {
  /**
   * For each key, 1 if its texts do not identify the operations that wrote them. All other results for such a key are
   * meaningless.
   */
  readonly isUnclear: Uint8Array
}

/**
 * Decides linearizability of strings with put, append and get, for all keys together. On each key, all written pieces
 * must be distinct, and none may be a prefix of another. Takes time linear in the length of the texts read.
 *
 * With such pieces, each text read identifies its writers: the put with which it begins, and the appends that directly
 * follow one another after the put. An append that was seen counts as a compare-and-set from the text before it to the
 * text after it, as in `chainZones`. An append that was not seen counts as a write of a text that was never read.
 *
 * Returns undefined if the strings are not empty initially.
 *
 * @throws OutOfTime
 */
export function orderAppends(encoded: Encoded, budget: Budget = unlimited): AppendOrders | undefined {
  const { names, initial, table } = encoded
  const id = names[initial] as ValueId
  if (id === UNMENTIONED || (id !== NULL && table.json(id) !== '')) return undefined
  const { value, next, follows, isUnclear, isImpossible, conflicts } = versionsOf(encoded, budget)
  const { length, kind, calls, returns, key, keys } = encoded
  const chains = { length, kind, calls, returns, key, keys, value, next, follows }
  const orders = orderChains(chains, eventCount(encoded), budget)
  for (let k = 0; k < keys; k++) orders.isViolated[k] |= isImpossible[k]
  return { ...orders, isUnclear, conflicts: [...conflicts, ...orders.conflicts] }
}

/** Decides linearizability of one string key, as `orderAppends` does. Expects a compact history (see `compact`). */
export function appendZones(part: Encoded, budget: Budget = unlimited): ZonesAnswer {
  if (part.hasConditional || part.length === 0) return { result: 'not applicable' }
  const orders = orderAppends({ ...part, keys: 1, key: int32Array(part.length) }, budget)
  if (orders === undefined || orders.isUnclear[0] === 1) return { result: 'not applicable' }
  if (orders.isViolated[0] === 1) return { result: 'violated', conflicts: orders.conflicts }
  return { result: 'met', order: () => orders.order }
}
