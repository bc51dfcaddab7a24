/**
 * The data that a page embeds for its timeline and charts, as JSON in `#data`. Times are nanoseconds since the start of
 * the run.
 */
export interface PageData extends EmbeddedOperations {
  /**
   * The page has every nth operation, and all operations inside the `complete` time spans. If there are no such spans,
   * the page has all operations.
   */
  readonly sample: { readonly every: number; readonly complete: readonly (readonly [from: number, to: number])[] }
  readonly faults: readonly (readonly [from: number, to: number, label: string])[]
  readonly end: number
  /** The history lines of the operations in the contradiction that is drawn first, in the order of its steps. */
  readonly focus: readonly number[]
  /** The lines in `focus` whose operations the drawing accuses. */
  readonly accused: readonly number[]
  /** The horizontal extent of the charts' time axis, in units of the drawing's view box. */
  readonly plot: { readonly left: number; readonly right: number; readonly width: number }
  readonly bins: {
    /** Nanoseconds per bin. */
    readonly width: number
    readonly ok: readonly number[]
    readonly fail: readonly number[]
    readonly info: readonly number[]
    /** Count of certainly stale reads by bin; empty if staleness was not measured. */
    readonly stale: readonly number[]
    /**
     * The latencies of each bin: the median here, the 99th percentile in `p99`. Null for a bin in which no operation
     * was `ok`.
     */
    readonly p50: readonly (number | null)[]
    readonly p99: readonly (number | null)[]
  }
}

/** Operations encoded as numbers, and the lists of texts that these numbers index. */
export interface EmbeddedOperations {
  readonly count: number
  /** Nanoseconds per unit of the encoded times. */
  readonly unit: number
  /** The fields of the operations in Base64 VLQ, in the order in which `decode` reads them. */
  readonly digits: string
  /** The names of the clients, in the order of their first operations. */
  readonly processes: readonly string[]
  /** The names of the timeline's rows; empty for a further row of the same client. */
  readonly lanes: readonly string[]
  /**
   * The number of rows to show at first: all rows up to the last one with operations in the first time span. 0 if the
   * whole run is shown.
   */
  readonly atOpening: number
  /** By process. */
  readonly laneOf: readonly number[]
  readonly functions: readonly string[]
  /** For each function, whether clients call it for its answer, like a read. */
  readonly telling: readonly boolean[]
  readonly keys: readonly string[]
  readonly nodes: readonly string[]
  /** Values that are not small integers, as JSON text. */
  readonly values: readonly string[]
  readonly errors: readonly string[]
}
