import type { OperationRow } from '../../encoding/operation-row.ts'

/** The evidence of how the objects of a history ended. */
export interface Ending {
  /** By key: the answered operations that return all an object holds, after the writes stopped. */
  readonly finals: ReadonlyMap<number, readonly OperationRow[]>
  /** The keys with acknowledged updates and no such operation. */
  readonly unread: readonly number[]
  /** The name of such an operation, to follow "no". */
  readonly noun: string
}
