import type { OperationRow } from '../../encoding/operation-row.ts'

/** Evidence of the final states of a history's objects. */
export interface Ending {
  /** By key: the answered operations that return the whole content of the object after writing stopped. */
  readonly finals: ReadonlyMap<number, readonly OperationRow[]>
  /** The keys with acknowledged updates but without an operation in `finals`. */
  readonly unread: readonly number[]
  /** The name of an operation of `finals` in the sentence that none was found, such as `successful final read`. */
  readonly noun: string
}
