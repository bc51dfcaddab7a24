/**
 * The input of a program at one moment. `now` is the wall clock, and `steady` the time since the program began, in
 * milliseconds.
 */
export interface Question {
  readonly now: number
  readonly steady: number
  readonly lines: readonly string[]
}

export interface Answer {
  /** Complete lines of the program's stdout. */
  readonly lines: readonly string[]
  /** Milliseconds until the program's next timer; absent if it has none. */
  readonly wakeAfterMs?: number
}

/** The query parameter that holds the program's seed, in the URL of the module that runs the program. */
export const SEED_MEMBER = 'seed'
