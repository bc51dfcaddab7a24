/** In place of a version: the one before every write of its key. */
export const INITIAL = -1

/**
 * In place of a version: none. The micro-operation read its own transaction's write, its transaction does not count, or
 * what it read cannot be told.
 */
export const NO_VERSION = -2

/**
 * The versions of every key in the order in which they were installed, and what was read: with it every level is decided
 * by graphs. A version is a row; of two versions of one key, the one with the larger row is later.
 */
export interface Versions {
  /** The versions of key k are rows starts[k] to starts[k + 1]. */
  readonly starts: Int32Array
  /**
   * The first row of the key that has no place among its own kind: from there to starts[k + 1] versions follow all others
   * of the key, but in any order.
   */
  readonly ordered: Int32Array
  /** By version: the transaction that wrote it. Versions of one transaction that follow each other count as one. */
  readonly writer: Int32Array
  /** By micro-operation: the version read or written; INITIAL or NO_VERSION. */
  readonly of: Int32Array
  /** By transaction: 1 if it counts as committed. All others are left out of every order. */
  readonly counts: Uint8Array
}
