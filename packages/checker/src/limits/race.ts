/**
 * Lets several judges share the parts of a history. The violation with the lowest rank counts, because a single judge
 * would find it first.
 */
export interface Race {
  readonly isBeaten: (rank: number) => boolean
}

/** No other judge. */
export const alone: Race = { isBeaten: () => false }

/** Ranks differ for up to this many parts, and for as many turns. With so many keys, each key has few operations. */
const MOST_PARTS = 2 ** 24

/** The rank of a part in a turn. A single judge examines all parts in order, then the undecided ones again. */
export const rankOf = (turn: number, part: number): number => turn * MOST_PARTS + part

export type Limit = 'time' | 'memory'
