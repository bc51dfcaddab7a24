/** Whether a requirement was met, as plain data. */
export interface RequirementResult {
  /** The requirement as it was typed. */
  readonly requirement: string
  readonly met: boolean | 'unknown'
  /** The measured figure, formatted for readers; empty if there is none. */
  readonly found: string
  /** The figure as a number: a share from 0 to 1, nanoseconds, or a count. Absent if it is infinite. */
  readonly value?: number | undefined
  /** Why the result is unknown; empty for other results. */
  readonly why: string
}
