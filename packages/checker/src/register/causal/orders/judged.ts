import type { Edge } from '../../sequential/edges.ts'

/** Orders that contradict each other. */
export interface Contradiction {
  /** The orders derived before, oldest first; each may depend on earlier ones. */
  readonly derived: readonly Edge[]
  /** The cycle, or its last order: `to` precedes `from` by program order, reads-from and derived orders. */
  readonly cycle: readonly Edge[]
  readonly isWhole: boolean
  /** A thread of the client, if it concerns only one client's reads. */
  readonly thread?: number | undefined
  /** Every operation used to derive the cycle's orders, if that happened elsewhere. */
  readonly involved?: ReadonlySet<number>
  /** Some read saw a write that can only come later; only PRAM allows that. */
  readonly future?: boolean
}

export type Judged =
  | Contradiction
  | 'none'
  /** There is a contradiction, but no single cycle shows it. */
  | 'contradicted'
  | 'out of memory'
  | 'out of time'
