/**
 * Lets several judges share the parts of a history. The violation with the lowest rank counts, because a single judge
 * would find it first.
 */
export interface Race {
  readonly isBeaten: (rank: number) => boolean
}

/** No other judge. */
export const alone: Race = { isBeaten: () => false }

/**
 * The maximum number of parts, and of turns, for which `rankOf` returns distinct ranks. If a history has more parts,
 * each part has few operations.
 */
const MOST_PARTS = 2 ** 24

/**
 * The rank of a part is its position in the order in which a single judge examines parts: all parts in turn 0, then the
 * undecided parts again.
 */
export const rankOf = (turn: number, part: number): number => turn * MOST_PARTS + part

export type Limit = 'time' | 'memory'
