/** The version before every write of a key. */
export const INITIAL = -1

/**
 * Means that there is no version: the micro-operation read its own transaction's write, its transaction does not count,
 * or the version it read is unknown.
 */
export const NO_VERSION = -2

/**
 * The versions of every key in the order in which they were installed, and the version that each micro-operation read;
 * every level is decided from these by graphs. A version is a row; of two versions of one key, the one with the larger
 * row is later.
 */
export interface Versions {
  /** The versions of key k are rows starts[k] to starts[k + 1] - 1. */
  readonly starts: Int32Array
  /**
   * By key: the first row without a known order. The versions of key k from ordered[k] to starts[k + 1] - 1 follow all
   * other versions of the key, in any order.
   */
  readonly ordered: Int32Array
  /** By version: the transaction that wrote it. Consecutive versions of one transaction count as one. */
  readonly writer: Int32Array
  /** By micro-operation: the version that it read or wrote; INITIAL or NO_VERSION. */
  readonly of: Int32Array
  /** By transaction: 1 if it counts as committed. All other transactions are omitted from every order. */
  readonly counts: Uint8Array
}
