/**
 * Several judges look at some of the parts of a history each. The violation that counts is the one at which a single judge
 * would have stopped: that of the least rank.
 */
export interface Race {
  /** Whether a violation of a lesser rank was found, so that none of this rank or above counts any more. */
  readonly isBeaten: (rank: number) => boolean
}

/** Nobody else is looking. */
export const alone: Race = { isBeaten: () => false }

/** More parts are not told apart, nor more turns: a history of that many keys has room for few operations of each. */
const MOST_PARTS = 2 ** 24

/** A single judge takes all parts in their turn, then those left once more. */
export const rankOf = (turn: number, part: number): number => turn * MOST_PARTS + part

/** What ended a search without an answer. */
export type Limit = 'time' | 'memory'
