import type { TransactionRecord } from '../record/record.ts'

/** What is taken for granted about the order in which the versions of each key were installed. */
export interface Assumption {
  readonly name: string
  /** What it says of a store, for help. */
  readonly summary: string
  /**
   * Calls `grant` with two micro-operations of one key: the version that the first read or wrote is not newer than that
   * of the second. `counts`: by transaction, 1 if it counts as committed.
   */
  orders(record: TransactionRecord, counts: Uint8Array, grant: Grant): void
}

export type Grant = (before: number, after: number) => void
