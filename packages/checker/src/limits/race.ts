/**
 * Several judges that each examine some parts of a history. The violation with the lowest rank is the result, because a
 * single judge would have found this violation first.
 */
export interface Race {
  /** Returns whether a violation of a lower rank was found. If so, a violation of this rank does not count. */
  readonly isBeaten: (rank: number) => boolean
}

/** No other judge. */
export const alone: Race = { isBeaten: () => false }

/**
 * The number of parts, and of turns, that have separate ranks. In a history with this many keys, each key has few
 * operations.
 */
const MOST_PARTS = 2 ** 24

/** The rank of a part in a turn. A single judge examines all parts in order, then the undecided ones again. */
export const rankOf = (turn: number, part: number): number => turn * MOST_PARTS + part

/** Why a search ended without an answer. */
export type Limit = 'time' | 'memory'
