import type { Level } from '../level.ts'
import type { Edge } from '../sequential/edges.ts'

/** The levels below sequential consistency that are about reads, writes and processes. */
export type WeakLevel = Exclude<Level, 'linearizable' | 'sequential' | 'eventual'>

/** Orders that contradict each other. */
export interface Contradiction {
  /** The orders that were derived before, oldest first; each may rest on older ones. */
  readonly derived: readonly Edge[]
  /** The whole cycle, or its last order: its `to` precedes its `from` by program order, reads-from and what was derived. */
  readonly cycle: readonly Edge[]
  readonly isWhole: boolean
  /** Where it is about the reads of one client only: a thread of it. */
  readonly thread?: number | undefined
  /** Where the cycle's orders were derived elsewhere: every operation that this took. */
  readonly involved?: ReadonlySet<number>
  /** Some read saw what can only have come later; no level but PRAM allows that. */
  readonly future?: boolean
}

export type Judged =
  | Contradiction
  | 'none'
  /** There is a contradiction, but not one that a single cycle shows. */
  | 'contradicted'
  | 'out of memory'
  | 'out of time'
