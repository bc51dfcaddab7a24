import type { OperationRow } from '../encoding/operation-row.ts'

/** How stale reads were: a measurement on registers, from real time alone, independent of the verdicts. */
export interface Staleness {
  /** The number of completed reads of each kind. */
  readonly reads: {
    /** Reads whose lag is known: reads of the initial value, and reads of a value with a single writer. */
    readonly measured: number
    /** The measured reads whose value had certainly been overwritten when they were called. */
    readonly stale: number
    /** Reads of a value that several operations wrote. */
    readonly ambiguous: number
    /** Reads that returned before any write of their value was called. Failed writes do not count. */
    readonly unexplained: number
  }
  /** The stale reads, by row. */
  readonly staleRows: Int32Array
  /**
   * For each measured read: the time from the overwriting of its value to its call. Absent without measured reads, or
   * without times.
   */
  readonly behindNanos?: Percentiles | undefined
  /**
   * For each measured read: how many writes, at least, had overwritten its value when it was called. Absent without
   * measured reads.
   */
  readonly versionsBehind?: Percentiles | undefined
  /** The read that was furthest behind in time, then in versions. Absent if no read was behind. */
  readonly worst?: OperationRow | undefined
  /** The least Δ for which the history is Δ-atomic (see `leastDelta`), in nanoseconds. Absent without times. */
  readonly deltaNanos?: Bounds | undefined
  /** The least k for which the history is k-atomic (see `leastVersions`). */
  readonly k: Bounds
}

export interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** The bounds of a number, equal if it is known. `atMost` is absent if no upper bound is known. */
export interface Bounds {
  readonly atLeast: number
  readonly atMost?: number | undefined
}
