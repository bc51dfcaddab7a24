/** Values of the outcome column. An operation that never completed is `info` with `returnEvent` -1. */
export const OK = 0
export const FAIL = 1
export const INFO = 2

/** Marks a final read of its key (a bit of the `flags` column). */
export const FLAG_FINAL = 1

/** Marks an invocation without a value: the input is the completion's value, unknown without an `ok`. */
export const FLAG_UNSAID = 2

/**
 * Marks an operation whose input, or the new value of a cas, is a version that only an `ok` has: it is equal to no other
 * value of its key. It is unsaid as well.
 */
export const FLAG_VERSION = 4

/** Marks a `fail` that is the object's own answer: a held lock, a cas that found another value. */
export const FLAG_ANSWERED = 8

/** Marks an `ok` without a value: its output is that of the invocation. */
export const FLAG_NO_RESULT = 16

/**
 * Operations as columns: row i is the i-th operation in order of invocation. One typed array per column, so that a
 * million operations fit in tens of megabytes and a checker can walk them without touching an object.
 *
 * "Event position" is an event's position among the client events of the history (0-based, nemesis events not counted).
 * It defines real-time order: a precedes b if `a.returnEvent < b.callEvent`.
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
  /** The completion's value; the input's if there is no completion or it has no value. */
  readonly output: Int32Array
  /** OK, FAIL or INFO. */
  readonly outcome: Uint8Array
  /** Event position of the invocation. */
  readonly callEvent: Int32Array
  /** Event position of the completion; -1 if there is none. */
  readonly returnEvent: Int32Array
  /** Nanoseconds since the run's start, possibly negative; the event's position where no time is given. */
  readonly callTime: Float64Array
  /** Nanoseconds; Infinity if it never completed. */
  readonly returnTime: Float64Array
  /** Index into `History.nodes`: the node that answered, otherwise the one that was asked; -1 if unknown. */
  readonly node: Int32Array
  /** Bit set of FLAG_*. */
  readonly flags: Uint8Array
  /** 1-based lines of the invocation and the completion in the file (0 if there is none). */
  readonly callLine: Int32Array
  readonly returnLine: Int32Array
}
