/** What happened at a time, in milliseconds: of the wall, and since the program began. */
export interface Question {
  readonly now: number
  readonly steady: number
  readonly lines: readonly string[]
}

export interface Answer {
  /** Lines of its stdout. */
  readonly lines: readonly string[]
  /** When its next timer is due; absent if it has none. */
  readonly wakeAfterMs?: number
}

/** The member of the query of the module's address that holds the seed of the program's randomness. */
export const SEED_MEMBER = 'seed'
