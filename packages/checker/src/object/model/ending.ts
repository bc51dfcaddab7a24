import type { OperationRow } from '../../encoding/operation-row.ts'

/** Evidence of the final states of a history's objects. */
export interface Ending {
  /** By key: the answered operations that return the whole content of the object after writing stopped. */
  readonly finals: ReadonlyMap<number, readonly OperationRow[]>
  /** The keys with acknowledged updates but without an operation in `finals`. */
  readonly unread: readonly number[]
  /** The noun for an operation of `finals`. Used in the sentence that there is no such operation. */
  readonly noun: string
}
