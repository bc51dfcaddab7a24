/** The data for the timeline and charts, embedded as JSON in `#data`. Times are nanoseconds since the run's start. */
export interface PageData extends EmbeddedOperations {
  /**
   * The page has all operations within the time spans `complete`, and one of every `every` operations outside them. If
   * `every` is 1, the page has all operations.
   */
  readonly sample: { readonly every: number; readonly complete: readonly (readonly [from: number, to: number])[] }
  readonly faults: readonly (readonly [from: number, to: number, label: string])[]
  readonly end: number
  /** The lines of the contradiction that is drawn first, in the order of its steps. */
  readonly focus: readonly number[]
  /** The lines of the accused operations in `focus`: the impossible operation, or the final reads that differ. */
  readonly accused: readonly number[]
  /** The extent of the charts' time axis, in units of the view box. */
  readonly plot: { readonly left: number; readonly right: number; readonly width: number }
  readonly bins: {
    /** Nanoseconds per bin. */
    readonly width: number
    readonly ok: readonly number[]
    readonly fail: readonly number[]
    readonly info: readonly number[]
    /** Count of stale reads by bin; empty if staleness was not measured. */
    readonly stale: readonly number[]
    /** The median latency of each bin; null without `ok` operations. `p99`: the 99th percentile. */
    readonly p50: readonly (number | null)[]
    readonly p99: readonly (number | null)[]
  }
}

/** The operations as numbers, and the lists of texts to which the numbers refer. */
export interface EmbeddedOperations {
  readonly count: number
  readonly unit: number
  /** The fields of all operations in Base64 VLQ, in the order that `decode` reads. */
  readonly digits: string
  readonly processes: readonly string[]
  /** The names of the timeline's rows; empty for further rows of a client. */
  readonly lanes: readonly string[]
  /**
   * Number of timeline rows to show when the page opens. These rows include every row with operations in the visible
   * part of the run. 0 if the whole run is visible.
   */
  readonly atOpening: number
  /** By process. */
  readonly laneOf: readonly number[]
  readonly functions: readonly string[]
  /** For each function, whether clients call it for its answer, as they call a read. */
  readonly telling: readonly boolean[]
  readonly keys: readonly string[]
  readonly nodes: readonly string[]
  /** Values as JSON text, except small integers. */
  readonly values: readonly string[]
  readonly errors: readonly string[]
}
