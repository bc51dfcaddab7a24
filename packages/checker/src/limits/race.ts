/**
 * Several judges that each examine some parts of a history. The violation with the lowest rank counts, because a single
 * judge would find it first.
 */
export interface Race {
  readonly isBeaten: (rank: number) => boolean
}

/** No other judge. */
export const alone: Race = { isBeaten: () => false }

/** The maximum number of parts, and of turns, with separate ranks. With so many keys, each key has few operations. */
const MOST_PARTS = 2 ** 24

/** The rank of a part in a turn. A single judge examines all parts in order, then the undecided ones again. */
export const rankOf = (turn: number, part: number): number => turn * MOST_PARTS + part

export type Limit = 'time' | 'memory'
