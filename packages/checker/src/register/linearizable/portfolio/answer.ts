import type { Encoded } from '../../../encoding/encoded.ts'
import type { Limit } from '../../../limits/race.ts'
import { outOf, type Reason } from '../../../verdict/reason.ts'
import type { PackedOrders } from '../../../verdict/witness-order.ts'

export type Linearizability =
  /** For each key that has operations, in order of key numbers: the order of its operations. */
  | {
      readonly result: 'met'
      readonly orders: readonly KeyOrder[]
      /** Used instead of `orders` if there are many keys. */
      readonly packed?: PackedOrders
    }
  /** A violated key, with the first return that cannot be explained. */
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
      readonly reason: Reason
      readonly limit: Limit
      readonly undecided: number
    }

export interface KeyOrder {
  readonly key: number
  /** The operations as rows of the history, computed on demand. */
  readonly rows: () => Int32Array
}

export type Violation = Extract<Linearizability, { readonly result: 'violated' }>

export function reasonUndecided(limit: Limit, undecided: number, keys: number): Reason {
  if (keys === 1) return outOf(limit, 'the search found neither an order nor a contradiction')
  return outOf(limit, `${keys - undecided} of ${keys} keys are linearizable, no contradiction was found in the others`)
}
