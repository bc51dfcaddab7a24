import type { Path } from './dynamic-order.ts'

/** Two nodes, the first of which comes before the second. */
export type Order = readonly [from: number, to: number]

/** A breach of the rules in the present order. One of two other orders would clear it; undefined if there is none. */
export interface Obstacle {
  readonly first: Order | undefined
  readonly second: Order | undefined
}

/** Finds breaches of the rules. */
export interface Breaches {
  /** A breach, or why there is no way out of one; undefined if all rules are kept. */
  next(): Obstacle | Path | undefined
  /** These nodes have new places. */
  moved(nodes: readonly number[]): void
}
