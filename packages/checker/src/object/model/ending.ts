import type { OperationRow } from '../../encoding/operation-row.ts'

/** Evidence of the final states of a history's objects. */
export interface Ending {
  /** By key: the answered operations that return the whole content of the object after writing stopped. */
  readonly finals: ReadonlyMap<number, readonly OperationRow[]>
  /** The keys with acknowledged updates but without an operation in `finals`. */
  readonly unread: readonly number[]
  /** The word for an operation of `finals` in a sentence that says that there is none. */
  readonly noun: string
}
