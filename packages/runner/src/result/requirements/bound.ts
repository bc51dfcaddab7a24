export type Comparison = '>=' | '<=' | '==' | '>' | '<'

export interface Bound {
  readonly comparison: Comparison
  /** For a measure: a share from 0 to 1, a number of nanoseconds, or a count. For a `Probe`: any number. */
  readonly bound: number
}

export type Refuse = (problem: string) => never
