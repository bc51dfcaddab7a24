import { int32Array, NULL, type ValueId } from '@chaos/history'
import { type Budget, unlimited } from '../../budget.ts'
import type { Encoded } from '../../encoded.ts'
import { UNMENTIONED } from '../../start/unknown.ts'
import { type Orders, orderChains } from './chains.ts'
import { versionsOf } from './versions.ts'
import { eventCount, type ZonesAnswer } from './zones.ts'

/** What is known of each key. */
export interface AppendOrders extends Orders {
  /** By key 1 where its texts do not tell who wrote them: nothing else is then known of it. */
  readonly isUnclear: Uint8Array
}

/**
 * Decides linearizability of strings with put, append and get, those of all keys in one go, in time linear in the length of
 * what was read, where on each key all pieces that were written are distinct and none begins another.
 *
 * A text that was read then tells which put it began with and which appends followed, one after another, with nothing in
 * between: an append that was seen is a compare-and-set from the text before it to the text with it, as in `chainZones`. One
 * that nobody saw is a write, which makes a text that nobody read.
 *
 * Undefined where the strings do not begin as empty ones.
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

/** The same for the operations of one key. Expects a compact history (see `compact`). */
export function appendZones(part: Encoded, budget: Budget = unlimited): ZonesAnswer {
  if (part.hasConditional || part.length === 0) return { result: 'not applicable' }
  const orders = orderAppends({ ...part, keys: 1, key: int32Array(part.length) }, budget)
  if (orders === undefined || orders.isUnclear[0] === 1) return { result: 'not applicable' }
  if (orders.isViolated[0] === 1) return { result: 'violated', conflicts: orders.conflicts }
  return { result: 'met', order: () => orders.order }
}
