/**
 * Several judges that each examine some parts of a history. The violation that counts is the one with the lowest rank,
 * at which a single judge would have stopped.
 */
export interface Race {
  /** Whether a violation of a lower rank was found, so that violations of this rank or a higher one no longer count. */
  readonly isBeaten: (rank: number) => boolean
}

/** No other judge. */
export const alone: Race = { isBeaten: () => false }

/** The most parts or turns with separate ranks: with this many keys, each key has few operations. */
const MOST_PARTS = 2 ** 24

/** The rank of a part in a turn. A single judge examines all parts in order, then the undecided ones again. */
export const rankOf = (turn: number, part: number): number => turn * MOST_PARTS + part

/** Why a search ended without an answer. */
export type Limit = 'time' | 'memory'
