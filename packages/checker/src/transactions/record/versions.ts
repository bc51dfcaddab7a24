/** The version before every write of a key. */
export const INITIAL = -1

/**
 * Stands for no version. The micro-operation read a write of its own transaction, its transaction does not count as
 * committed, or the version that it read is unknown.
 */
export const NO_VERSION = -2

/**
 * The versions of every key in the order in which they were installed, and the version that each micro-operation read.
 * Every level is decided from these by graphs. A version is a row. Of two versions of one key, the later one has the
 * larger row.
 */
export interface Versions {
  /** The versions of key k are rows starts[k] to starts[k + 1] - 1. */
  readonly starts: Int32Array
  /**
   * By key: the first row of a version without a known order. The versions of key k in the rows from ordered[k] to
   * starts[k + 1] - 1 follow all other versions of the key. Their order among each other is unknown.
   */
  readonly ordered: Int32Array
  /** By version: the transaction that wrote it. Consecutive versions of one transaction count as one. */
  readonly writer: Int32Array
  /** By micro-operation: the version that it read or wrote; INITIAL or NO_VERSION. */
  readonly of: Int32Array
  /** By transaction: 1 if it counts as committed. All other transactions are omitted from every order. */
  readonly counts: Uint8Array
}
