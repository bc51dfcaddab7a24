import type { Budget } from '../../limits/budget.ts'
import type { Reason } from '../../verdict/reason.ts'
import type { Core } from '../graph/core.ts'
import type { EdgeKind } from '../graph/edges.ts'
import type { TransactionRecord } from '../record/record.ts'
import type { Versions } from '../record/versions.ts'

export interface Situation {
  readonly record: TransactionRecord
  readonly versions: Versions
  readonly core: Core
  readonly events: Int32Array
  readonly budget: Budget
}

/**
 * One step of a cycle. In an rw step, `from` read a version, and `to` wrote a later version, which is not always the
 * next one.
 */
export interface CycleStep {
  readonly from: number
  readonly to: number
  readonly kind: EdgeKind
  /** The dense number of the key; NO_KEY for session order and real time. */
  readonly key: number
}

/** The result of deciding a level itself, instead of inferring its result from those of other levels. */
export type Outcome = { readonly result: 'met' } | Violation | { readonly result: 'unknown'; readonly reason: Reason }

export interface Violation {
  readonly result: 'violated'
  readonly cycle?: readonly CycleStep[] | undefined
  /** Transactions that violate the level together, including the transactions of the cycle. */
  readonly among?: readonly number[] | undefined
  /**
   * Whether a history of only the transactions in `among` also violates the level; false if this could not be verified.
   */
  readonly standsAlone?: boolean | undefined
  /** Whether none of the transactions in `among` can be omitted. */
  readonly isCut?: boolean | undefined
  /** Maps each transaction in `among` that is not on the cycle to the step of the cycle that it proves. */
  readonly proves?: ReadonlyMap<number, CycleStep> | undefined
  /** Whether the cycle assumes an order of writes. With the opposite order, there is another cycle. */
  readonly isGuess?: boolean | undefined
  /**
   * Set if the user's assumptions contradict each other: two micro-operations on one key that they require in both
   * orders.
   */
  readonly contradiction?: Contradiction | undefined
}

export interface Contradiction {
  readonly micros: readonly [one: number, other: number]
  readonly assumed: readonly string[]
}

export const MET: Outcome = { result: 'met' }
export const VIOLATED: Outcome = { result: 'violated' }
