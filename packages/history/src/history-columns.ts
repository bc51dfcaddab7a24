/** The outcome column's numbers. A never-completed operation is `info` with `returnEvent` -1. */
export const OK = 0
export const FAIL = 1
export const INFO = 2

/** Marks an operation that is the final read of its key (bit of the `flags` column). */
export const FLAG_FINAL = 1

/** Marks an operation whose invocation says no value: the completion's is its input, and without an `ok` none is known. */
export const FLAG_UNSAID = 2

/**
 * Operations as columns: row i is the i-th operation in order of invocation. One typed array a column, so that a
 * million operations fit in tens of megabytes and a checker can walk them without touching an object.
 *
 * "Event position" is the position of an event among the client events of the history (0-based, nemesis events not
 * counted), which is what real-time order is judged by: a precedes b when `a.returnEvent < b.callEvent`.
 */
export interface Operations {
  readonly length: number
  /** Process number, 0 to `History.processCount` - 1 in order of first appearance; `History.processName` names it. */
  readonly process: Int32Array
  /** Index into `History.functions`. */
  readonly f: Uint8Array
  /** Index into `History.keys`; -1 for an operation without a key. */
  readonly key: Int32Array
  /** The value given at the invocation: id in `History.values`. */
  readonly input: Int32Array
  /** The value of the completion; the input's where it was never completed or the completion says no value. */
  readonly output: Int32Array
  /** OK, FAIL or INFO. */
  readonly outcome: Uint8Array
  /** Event position of the invocation. */
  readonly callEvent: Int32Array
  /** Event position of the completion; -1 where there is none. */
  readonly returnEvent: Int32Array
  /**
   * Nanoseconds from the run's start: as given, also negative, and rounded to a double beyond 2^53. An absent time is
   * the event's position.
   */
  readonly callTime: Float64Array
  /** Nanoseconds; Infinity where it was never completed. */
  readonly returnTime: Float64Array
  /** Index into `History.nodes`: who answered, or else who was asked; -1 where no node is known. */
  readonly node: Int32Array
  /** Bit set of FLAG_*. */
  readonly flags: Uint8Array
  /** 1-based line in the file of the invocation, and of the completion (0 where there is none). */
  readonly callLine: Int32Array
  readonly returnLine: Int32Array
}
