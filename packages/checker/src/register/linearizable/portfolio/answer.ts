import type { Encoded } from '../../../encoding/encoded.ts'
import type { Limit } from '../../../limits/race.ts'
import type { PackedOrders } from '../../../verdict/witness-order.ts'

export type Linearizability =
  /** For the keys that have operations, in order of their numbers. */
  | {
      readonly result: 'met'
      readonly orders: readonly KeyOrder[]
      /** Instead of `orders`, where keys are many. */
      readonly packed?: PackedOrders
    }
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

export type Violation = Extract<Linearizability, { readonly result: 'violated' }>

/** Why there is no answer: the limit reached, and the number of undecided keys. */
export function reasonUndecided(limit: Limit, undecided: number, keys: number): string {
  const said = limit === 'memory' ? 'out of memory (see --memory)' : 'out of time (see --timeout)'
  if (keys === 1) return `${said}: the search found neither an order nor a contradiction`
  return `${said}: ${keys - undecided} of ${keys} keys are linearizable, no contradiction was found in the others`
}
