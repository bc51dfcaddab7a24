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
  /** How long an app server waits for the database's answer to one attempt. */
  readonly timeoutMs: Millis
  /** Attempts per request, the first one included. */
  readonly attempts: number
  readonly backoff: 'none' | 'fixed' | 'exponential' | 'jitter'
  readonly backoffMs: Millis
  readonly longestBackoffMs: Millis
  /** Retries allowed per first attempt, on average; 0: no such limit. */
  readonly retryBudget: number
  /** Failures in a row that open the circuit; 0: it stays closed. */
  readonly breakerFailures: number
  readonly coolDownMs: Millis
  /** Whether an app server answers reads from its last known answers while the database does not answer. */
  readonly degrade: boolean
  readonly serviceMs: Millis
  readonly queueLimit: number
}

type SingleMessage =
  | (Attempt & { readonly type: 'do' })
  | { readonly type: 'did'; readonly request: string; readonly attempt: number; readonly result: Completion }
  /** The database turns an attempt away: it has no effect. */
  | { readonly type: 'busy'; readonly request: string; readonly attempt: number }

export interface Attempt {
  /** Names the request among all requests of all app servers. */
  readonly request: string
  readonly attempt: number
  /** The idempotency key; absent if the database should not remember the request. */
  readonly key?: string | undefined
  readonly command: Command
  readonly ticket: Ticket
}

export type SingleRecord =
  /**
   * A transaction: an effect and, with a key, the record of it. The ticket prevents a copy of the message from acting
   * again.
   */
  | {
      readonly kind: 'effect'
      readonly from: NodeId
      readonly ticket: Ticket
      readonly request: string
      readonly key?: string | undefined
      readonly command: Command
    }
  /** The key in its own transaction, in systems with a bug. */
  | { readonly kind: 'key'; readonly key: string; readonly result: Completion }

export interface Call {
  readonly requestId: string
  readonly request: string
  readonly command: Command
  readonly phase: 'waiting' | 'backing off'
  /** By the monotonic clock: when the answer is overdue, or the next attempt due. */
  readonly dueAt: number
  readonly attempt: number
  /** Attempts that may still have an effect. */
  readonly uncertain: number
}

export interface SingleState {
  readonly id: NodeId
  readonly database: NodeId
  readonly life: number
  readonly generator: Generator
  // The app server; each node is one.
  /** By request. */
  readonly calls: Map<string, Call>
  readonly sending: Forwarding
  readonly breaker: Breaker
  retryTokens: number
  /** By question, as JSON text: the database's last answer. */
  readonly known: Map<string, Completion>
  // The database.
  held: unknown
  readonly receiving: Forwarding
  /** By idempotency key: the answer. */
  readonly keys: Map<string, Completion>
  readonly station: Station<{ readonly from: NodeId; readonly job: Attempt }>
  /** Requests that took effect; `wrong` describes the first breach. For the invariants. */
  readonly effects: Set<string>
  wrong: string | undefined
}

export type Single = Types<SingleConfig, SingleState, SingleMessage, SingleRecord, 'served' | 'calls'>
export type SingleTurn = Turn<Single>
