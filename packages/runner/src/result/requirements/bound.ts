export type Comparison = '>=' | '<=' | '==' | '>' | '<'

export interface Bound {
  readonly comparison: Comparison
  /** A share from 0 to 1, nanoseconds, or a count; any number for a probe. */
  readonly bound: number
}

/** Throws an error with the given problem. The error also says what to write instead. */
export type Refuse = (problem: string) => never
