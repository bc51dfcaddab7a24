/** The version before every write of a key. */
export const INITIAL = -1

/**
 * No version: the read saw a write of its own transaction, the transaction does not count as committed, or the version
 * is unknown.
 */
export const NO_VERSION = -2

/**
 * The versions of every key in the order in which they were installed, and the version that each micro-operation read
 * or wrote. Versions are numbered by row. Of two ordered versions of one key (see `ordered`), the later one has the
 * larger number.
 */
export interface Versions {
  /** The versions of key k are rows starts[k] to starts[k + 1] - 1. */
  readonly starts: Int32Array
  /**
   * By key: its first version whose position in the order is unknown. This version and all later rows of the key follow
   * the other versions of the key, in an unknown order.
   */
  readonly ordered: Int32Array
  /**
   * By version: the transaction that wrote it. `versionEdges` treats consecutive versions of one transaction as one.
   */
  readonly writer: Int32Array
  /** By micro-operation: the version that it read or wrote; INITIAL or NO_VERSION. */
  readonly of: Int32Array
  /** By transaction: 1 if it counts as committed. All other transactions are omitted from every order. */
  readonly counts: Uint8Array
}
