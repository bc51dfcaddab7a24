import { OUT_OF_TIME, outOf, type Reason } from '../../verdict/reason.ts'
import { NO_READ } from '../sequential/reads-from.ts'
import type { Relations } from './orders/contradiction.ts'
import type { Contradiction } from './orders/judged.ts'

/** The answer for a level; its indices refer to the given history. */
export type WeakAnswer =
  | {
      readonly result: 'met'
      /** The arbitration order, for causal convergence only; computed on demand. */
      readonly arbitration?: () => ArbitratedHistory
    }
  | {
      readonly result: 'violated'
      readonly found?: {
        readonly relations: Relations
        readonly contradiction: Contradiction
        readonly indices: Int32Array
      }
      /** A read of a value that no operation can have written. */
      readonly thinAir?: number
      /** Operations that are contradictory by themselves, if nothing more precise is known. */
      readonly involved?: readonly number[]
    }
  | { readonly result: 'unknown'; readonly reason: Reason }

export interface ArbitratedHistory {
  /** All operations in arbitration order. */
  readonly order: Int32Array
  /** The write that each read saw; -1 for the initial value. */
  readonly writerOf: ReadonlyMap<number, number>
}

export const OUT_OF = {
  'out of memory': { result: 'unknown', reason: outOf('memory') },
  'out of time': { result: 'unknown', reason: OUT_OF_TIME },
} as const satisfies { readonly [limit: string]: WeakAnswer }

export function met(relations: Relations, indices: Int32Array): WeakAnswer {
  const order = relations.arbitration()
  if (order === undefined) return { result: 'met' }
  const { writerOf } = relations.facts
  const arbitration = (): ArbitratedHistory => {
    const sources = new Map<number, number>()
    for (let i = 0; i < writerOf.length; i++) {
      if (writerOf[i] !== NO_READ) sources.set(indices[i], writerOf[i] < 0 ? -1 : indices[writerOf[i]])
    }
    return { order: order.map((i) => indices[i]), writerOf: sources }
  }
  return { result: 'met', arbitration }
}
