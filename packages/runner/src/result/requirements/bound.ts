export type Comparison = '>=' | '<=' | '==' | '>' | '<'

export interface Bound {
  readonly comparison: Comparison
  /** A share from 0 to 1, nanoseconds, or a count; any number for a probe. */
  readonly bound: number
}

/** Refuses a text, saying what to write instead. */
export type Refuse = (problem: string) => never
