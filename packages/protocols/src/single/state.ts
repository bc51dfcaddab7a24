import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Generator } from '../generator.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Station } from '../station.ts'
import type { Turn, Types } from '../turn.ts'
import type { Breaker } from './breaker.ts'

export interface SingleConfig extends Subject {
  readonly retry: 'none' | 'blind' | 'key'
  /** How long an app server waits for one answer. */
  readonly timeoutMs: Millis
  /** The largest number of attempts, with the first. */
  readonly attempts: number
  readonly backoff: 'none' | 'fixed' | 'exponential' | 'jitter'
  readonly backoffMs: Millis
  readonly longestBackoffMs: Millis
  /** The average retries per first attempt; 0 for any number. */
  readonly retryBudget: number
  /** Consecutive failures that open the circuit; 0 for never. */
  readonly breakerFailures: number
  readonly coolDownMs: Millis
  /** Whether reads get old answers while the database is silent. */
  readonly degrade: boolean
  readonly serviceMs: Millis
  readonly queueLimit: number
}

type SingleMessage =
  | (Attempt & { readonly type: 'do' })
  | { readonly type: 'did'; readonly request: string; readonly attempt: number; readonly result: Completion }
  /** The rejected attempt has no effect. */
  | { readonly type: 'busy'; readonly request: string; readonly attempt: number }

export interface Attempt {
  readonly request: string
  readonly attempt: number
  /** The idempotency key; absent if the request is not to be remembered. */
  readonly key?: string | undefined
  readonly command: Command
  readonly ticket: Ticket
}

export type SingleRecord =
  /** A transaction: an effect and its key, if any. The ticket keeps duplicates from taking effect. */
  | {
      readonly kind: 'effect'
      readonly from: NodeId
      readonly ticket: Ticket
      readonly request: string
      readonly key?: string | undefined
      readonly command: Command
    }
  /** A key in its own transaction, by a bug. */
  | { readonly kind: 'key'; readonly key: string; readonly result: Completion }

export interface Call {
  readonly requestId: string
  readonly request: string
  readonly command: Command
  readonly phase: 'waiting' | 'backing off'
  /** When the answer is overdue or the next attempt due, by the monotonic clock. */
  readonly dueAt: number
  readonly attempt: number
  /** Attempts that may still take effect. */
  readonly uncertain: number
}

export interface SingleState {
  readonly id: NodeId
  readonly database: NodeId
  readonly life: number
  readonly generator: Generator
  // The state of the app server, which each node is.
  /** The calls by request. */
  readonly calls: Map<string, Call>
  readonly sending: Forwarding
  readonly breaker: Breaker
  retryTokens: number
  /** The last answers, by the question's JSON. */
  readonly known: Map<string, Completion>
  // The database.
  held: unknown
  readonly receiving: Forwarding
  readonly keys: Map<string, Completion>
  readonly station: Station<{ readonly from: NodeId; readonly job: Attempt }>
  /** Requests that took effect, for the invariants, with the first violation in `wrong`. */
  readonly effects: Set<string>
  wrong: string | undefined
}

export type Single = Types<SingleConfig, SingleState, SingleMessage, SingleRecord, 'served' | 'calls'>
export type SingleTurn = Turn<Single>
