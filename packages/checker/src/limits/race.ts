/**
 * Several judges each examine some parts of a history. The violation that counts is the one at which a single judge
 * would have stopped: that of the lowest rank.
 */
export interface Race {
  /** Whether a violation of a lower rank was found, so that this rank and those above it no longer count. */
  readonly isBeaten: (rank: number) => boolean
}

/** No other judge. */
export const alone: Race = { isBeaten: () => false }

/** More parts or turns are not told apart: with that many keys, a history has few operations of each. */
const MOST_PARTS = 2 ** 24

/** A single judge takes all parts in order, then the undecided ones again. */
export const rankOf = (turn: number, part: number): number => turn * MOST_PARTS + part

/** Why a search ended without an answer. */
export type Limit = 'time' | 'memory'
