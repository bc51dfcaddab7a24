import type { Edge } from '../../sequential/edges.ts'

/** Orders that contradict each other. */
export interface Contradiction {
  /** The orders derived earlier, oldest first; each may depend on the ones before it. */
  readonly derived: readonly Edge[]
  /**
   * The whole cycle if `isWhole`; otherwise its last order, whose `to` precedes its `from` by program order, reads-from
   * and derived orders.
   */
  readonly cycle: readonly Edge[]
  readonly isWhole: boolean
  /** A thread of the client, if the contradiction concerns the reads of only one client. */
  readonly thread?: number | undefined
  /** Every operation used to derive the cycle's orders, if another search derived them. */
  readonly involved?: ReadonlySet<number>
  /** Whether a read saw a write from its own future, which only PRAM allows. */
  readonly future?: boolean
}

export type Judged =
  | Contradiction
  | 'none'
  /** A contradiction that no single cycle shows. */
  | 'contradicted'
  | 'out of memory'
  | 'out of time'
