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
 * The greatest number of parts, and of turns, for which ranks are distinct. A history that has so many parts has few
 * operations in each of them.
 */
const MOST_PARTS = 2 ** 24

/**
 * The place of a part in the order in which a single judge examines parts: all parts in turn 0, then the undecided
 * parts again.
 */
export const rankOf = (turn: number, part: number): number => turn * MOST_PARTS + part

export type Limit = 'time' | 'memory'
