import type { Edge } from '../../sequential/edges.ts'

/** Orders that contradict each other. */
export interface Contradiction {
  /** The orders derived earlier, oldest first; each may depend on the ones before it. */
  readonly derived: readonly Edge[]
  /**
   * If `isWhole`, the whole cycle. Otherwise only the last order of a cycle. Program order, reads-from and derived
   * orders then lead from its `to` back to its `from`.
   */
  readonly cycle: readonly Edge[]
  readonly isWhole: boolean
  /** A thread of the client whose reads are contradicted; absent if the contradiction concerns several clients. */
  readonly thread?: number | undefined
  /** Every operation used to derive the cycle's orders, if another search derived them. */
  readonly involved?: ReadonlySet<number>
  /** Whether a read saw a write from its own future, which only PRAM allows. */
  readonly future?: boolean
}

export type Judged =
  | Contradiction
  | 'none'
  /** There is a contradiction that no single cycle expresses. */
  | 'contradicted'
  | 'out of memory'
  | 'out of time'
