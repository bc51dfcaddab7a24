export type Comparison = '>=' | '<=' | '==' | '>' | '<'

export interface Bound {
  readonly comparison: Comparison
  /** A share from 0 to 1, nanoseconds, or a count; any number for a probe. */
  readonly bound: number
}

export type Refuse = (problem: string) => never
