import type { Budget } from '../../limits/budget.ts'
import type { Reason } from '../../verdict/reason.ts'
import type { Core } from '../graph/core.ts'
import type { EdgeKind } from '../graph/edges.ts'
import type { TransactionRecord } from '../record/record.ts'
import type { Versions } from '../record/versions.ts'

/** What the levels are decided from. */
export interface Situation {
  readonly record: TransactionRecord
  readonly versions: Versions
  readonly core: Core
  /** The events of the core's transactions: see `eventsOf`. */
  readonly events: Int32Array
  readonly budget: Budget
}

/** One step of a cycle. For an rw step that skips versions, `to` wrote any later version than `from` read. */
export interface CycleStep {
  readonly from: number
  readonly to: number
  readonly kind: EdgeKind
  /** The dense number of the key; NO_KEY for orders of sessions and of real time. */
  readonly key: number
}

/** What a level's own graph says: a violation may come with the cycle that shows it, or transactions that do. */
export type Outcome = { readonly result: 'met' } | Violation | { readonly result: 'unknown'; readonly reason: Reason }

export interface Violation {
  readonly result: 'violated'
  readonly cycle?: readonly CycleStep[] | undefined
  /** Transactions that violate the level, with those of the cycle. */
  readonly among?: readonly number[] | undefined
  /** Whether those violate it by themselves; false if that could not be verified. */
  readonly standsAlone?: boolean | undefined
  /** Whether each of them was left out in turn, and the others do not violate it. */
  readonly isCut?: boolean | undefined
  /** By one of those that is not on the cycle: a step that it proves. */
  readonly proves?: ReadonlyMap<number, CycleStep> | undefined
  /** Whether the cycle is for one order of writes whose order no read shows: the others lead to others. */
  readonly isGuess?: boolean | undefined
}

export const MET: Outcome = { result: 'met' }
export const VIOLATED: Outcome = { result: 'violated' }
