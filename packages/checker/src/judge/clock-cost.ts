/** What it cost that the clocks of several machines are known only within bounds. */
export interface ClockCost {
  /** How many clocks timed operations, besides the one that all times are by. */
  readonly clocks: number
  /** How far the time of an event may be off: at most, and of half of the events. Null if nothing is known of a clock. */
  readonly withinNanos: { readonly max: number | null; readonly p50: number | null }
  /**
   * Orders in real time of two operations on one object, by different clocks, that may or may not hold; two for a pair of
   * which either may have come first.
   */
  readonly unordered: number
  /** Operations that were shorter than their times are uncertain. */
  readonly cramped: number
  /** Levels that would be known if the clocks were. */
  readonly undecided: readonly string[]
}
