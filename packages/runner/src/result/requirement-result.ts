/** Whether a requirement was met, as plain data. */
export interface RequirementResult {
  /** As it was written. */
  readonly requirement: string
  readonly met: boolean | 'unknown'
  /** The figure, as people write it; empty if there is none. */
  readonly found: string
  /** The figure as a number: a share from 0 to 1, nanoseconds, or a count; absent if there is none, or it is infinite. */
  readonly value?: number | undefined
  /** Why it is unknown; empty otherwise. */
  readonly why: string
}
