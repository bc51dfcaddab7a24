/** Values of the outcome column. An operation that never completed is `info` with `returnEvent` -1. */
export const OK = 0
export const FAIL = 1
export const INFO = 2

/** Marks a final read of its key (a bit of the `flags` column). */
export const FLAG_FINAL = 1

/**
 * Marks an invocation without a value. The input is then the value of the `ok` completion. If that value is also
 * missing, the input is unknown.
 */
export const FLAG_UNSAID = 2

/**
 * Marks an operation that writes a version of the key instead of a value: as its input, or as the new value of a cas.
 * Only the `ok` completion contains the version. The version differs from all other values of the key. FLAG_UNSAID is
 * also set.
 */
export const FLAG_VERSION = 4

/** Marks an operation that failed because the object declined it: a lock was held, or a cas found another value. */
export const FLAG_ANSWERED = 8

/** Marks an `ok` without a value: the output equals the input. */
export const FLAG_NO_RESULT = 16

/**
 * Operations as columns, in order of invocation. Typed arrays, so that a million operations fit in tens of megabytes
 * and a checker creates no objects.
 *
 * "Event position" is an event's position among the client events of the history, from 0. It defines real-time order: a
 * precedes b if `a.returnEvent < b.callEvent`.
 */
export interface Operations {
  readonly length: number
  /** Process number from 0, in order of first appearance; `History.processName` names it. */
  readonly process: Int32Array
  /** Index into `History.functions`. */
  readonly f: Uint8Array
  /** Index into `History.keys`; -1 for an operation without a key. */
  readonly key: Int32Array
  /** The id in `History.values` of the value given at the invocation. */
  readonly input: Int32Array
  /** The id of the completion's value, by default the input. */
  readonly output: Int32Array
  readonly outcome: Uint8Array
  /** Event position of the invocation. */
  readonly callEvent: Int32Array
  /** Event position of the completion; -1 if there is none. */
  readonly returnEvent: Int32Array
  /** Nanoseconds since the run's start, possibly negative; without a time, the event's position. */
  readonly callTime: Float64Array
  /** Nanoseconds since the run's start; Infinity if the operation never completed. */
  readonly returnTime: Float64Array
  /**
   * Index into `History.nodes`: the node that answered or, without an answer, the node that received the request; -1 if
   * unknown.
   */
  readonly node: Int32Array
  readonly flags: Uint8Array
  /** 1-based lines of invocation and completion in the file (0 if there is none). */
  readonly callLine: Int32Array
  readonly returnLine: Int32Array
}
