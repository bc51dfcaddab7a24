import type { Edge } from '../../sequential/edges.ts'

/** Orders that contradict each other. */
export interface Contradiction {
  /** The orders derived earlier, oldest first. Each order may depend on earlier orders. */
  readonly derived: readonly Edge[]
  /**
   * If `isWhole`, all orders of the cycle. Otherwise only its last order. The omitted orders form a path from the `to`
   * of the last order back to its `from`.
   */
  readonly cycle: readonly Edge[]
  readonly isWhole: boolean
  /**
   * One of the threads of the client whose view is contradictory; absent if the contradiction is not in one client's
   * view.
   */
  readonly thread?: number | undefined
  /** The operations on which the cycle's orders depend. Present if another search derived these orders. */
  readonly involved?: ReadonlySet<number>
  /** Whether the contradiction is a read that saw a write from its own future. Only PRAM allows such a read. */
  readonly future?: boolean
}

export type Judged =
  | Contradiction
  | 'none'
  /** A contradiction that no single cycle expresses. */
  | 'contradicted'
  | 'out of memory'
  | 'out of time'
