import { type Interpretation, notUnderstood, type Understanding } from '../record/call.ts'
import type { Unsent } from '../spoken/crossings.ts'
import type { CommandOperation } from './answers.ts'
import type { PlacedLifetime } from './expirations.ts'
import type { Understood } from './understood.ts'

/** A request whose first byte has arrived. */
export interface Begun extends Unsent {
  isSent: boolean
  /** Whether no reply belongs to the request. */
  isUnanswered: boolean
  /** The keys to mark once the request is sent. */
  touched: Understood['touched']
  /** Reports whether the request was refused. */
  settle: ((isRefused: boolean) => void) | undefined
}

export interface Pending {
  readonly begun: Begun
  readonly understood: Understood
  /** The number that `Lifetimes.called` returned for this request. */
  readonly calledAt: number
  /** The number that `Expirations.called` returned, or 0. */
  readonly expiring: number
  /** The number of pushes that have not arrived yet. Some requests are confirmed by pushes and not by a reply. */
  pushes: number
}

export const NO_PARTS: readonly CommandOperation[] = []
export const NO_LIFETIMES: readonly PlacedLifetime[] = []

export const OUT_OF_ORDER: Interpretation = notUnderstood(
  'a fault has lost or reordered messages, so it is unknown which answer belongs to this request',
)

/** Redis skips empty lines and does not reply to them. */
export const NO_COMMAND: Understanding = { kind: 'passed-on', what: 'an empty line', touches: 'nothing' }
