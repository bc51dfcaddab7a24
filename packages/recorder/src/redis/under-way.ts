import type { Interpretation, Understanding } from '../record/call.ts'
import type { Unsent } from '../spoken/crossings.ts'
import type { CommandOperation } from './answers.ts'
import type { PlacedLifetime } from './expirations.ts'
import type { Understood } from './understood.ts'

/** A request whose first byte has arrived. */
export interface Begun extends Unsent {
  isSent: boolean
  /** Whether its reply cannot be identified. */
  isUnanswered: boolean
  /** The keys to mark as changed outside the record once it is sent. */
  touched: Understood['touched']
  /** Reports whether it was refused, and so has not changed them. */
  settle: ((isRefused: boolean) => void) | undefined
}

/** A request without a reply so far. */
export interface Pending {
  readonly begun: Begun
  readonly understood: Understood
  /** The call's number in `Lifetimes`. */
  readonly calledAt: number
  /** Its number in `Expirations`; 0 if it has none. */
  readonly expiring: number
  /** How many pushes are still expected, if pushes confirm it. */
  pushes: number
}

export const NO_PARTS: readonly CommandOperation[] = []
export const NO_LIFETIMES: readonly PlacedLifetime[] = []

export const OUT_OF_ORDER: Interpretation = {
  type: 'not-understood',
  error: 'a fault has lost or reordered messages, and this may not be its answer',
}

/** Redis skips empty lines without a reply. */
export const NO_COMMAND: Understanding = { kind: 'passed-on', what: 'an empty line', touches: 'nothing' }
