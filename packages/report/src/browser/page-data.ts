/** What a page embeds for its timeline and charts, as JSON in `#data`. Times are nanoseconds from the start. */
export interface PageData extends EmbeddedOperations {
  /** Only every nth operation outside these stretches is here; without stretches, all are. */
  readonly sample: { readonly every: number; readonly complete: readonly (readonly [from: number, to: number])[] }
  readonly faults: readonly (readonly [from: number, to: number, label: string])[]
  readonly end: number
  /** The lines of the operations in the contradiction that is drawn first, in the order of its steps. */
  readonly focus: readonly number[]
  /** Those of them that the drawing accuses. */
  readonly accused: readonly number[]
  /** The time axis in the charts' drawing, in units of its view box. */
  readonly plot: { readonly left: number; readonly right: number; readonly width: number }
  readonly bins: {
    /** Nanoseconds of one bin. */
    readonly width: number
    readonly ok: readonly number[]
    readonly fail: readonly number[]
    readonly info: readonly number[]
    /** Reads that were certainly stale; empty if that was not measured. */
    readonly stale: readonly number[]
    /** Null where no operation was `ok`. */
    readonly p50: readonly (number | null)[]
    readonly p99: readonly (number | null)[]
  }
}

/** Operations as numbers, and the texts that they refer to by number. */
export interface EmbeddedOperations {
  readonly count: number
  /** Nanoseconds of one unit of the encoded times. */
  readonly unit: number
  /** Numbers in Base64 VLQ; the order of fields within an operation is that of `decode`. */
  readonly digits: string
  /** In the order of their first operations. */
  readonly processes: readonly string[]
  /** The rows of the picture; a further row of the same client has no name. */
  readonly lanes: readonly string[]
  /** The first rows, which have something to show where the timeline opens; 0 if it opens on everything. */
  readonly atOpening: number
  /** By process. */
  readonly laneOf: readonly number[]
  readonly functions: readonly string[]
  /** By function: whether its answer is what it was made for, as of a read. */
  readonly telling: readonly boolean[]
  readonly keys: readonly string[]
  readonly nodes: readonly string[]
  /** Values that are not small integers, as JSON text. */
  readonly values: readonly string[]
  readonly errors: readonly string[]
}
