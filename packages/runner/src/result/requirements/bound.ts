export type Comparison = '>=' | '<=' | '==' | '>' | '<'

export interface Bound {
  readonly comparison: Comparison
  /** A share from 0 to 1, nanoseconds, or a count; any number for a probe. */
  readonly bound: number
}

/** Throws an error that says what is wrong with a text, and what to write instead. */
export type Refuse = (problem: string) => never
