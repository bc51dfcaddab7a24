import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Generator } from '../generator.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Station } from '../station.ts'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'
import type { Breaker } from './breaker.ts'

interface SingleConfig extends Subject {
  readonly retry: 'none' | 'blind' | 'key'
  /** How long an app server waits for the answer to one attempt. */
  readonly timeoutMs: Millis
  /** The largest number of attempts per request, including the first. */
  readonly attempts: number
  readonly backoff: 'none' | 'fixed' | 'exponential' | 'jitter'
  readonly backoffMs: Millis
  readonly longestBackoffMs: Millis
  /** The average number of retries allowed per first attempt; 0 for no such limit. */
  readonly retryBudget: number
  /** The number of consecutive failures that open the circuit; 0 if it always stays closed. */
  readonly breakerFailures: number
  readonly coolDownMs: Millis
  /** Whether an app server answers reads from its last known answers while the database does not answer. */
  readonly degrade: boolean
  readonly serviceMs: Millis
  readonly queueLimit: number
}

type SingleMessage = MessagesOf<{
  do: Attempt
  did: { request: string; attempt: number; result: Completion }
  /** The database has rejected an attempt. A rejected attempt has no effect. */
  busy: { request: string; attempt: number }
}>

export interface Attempt {
  readonly request: string
  readonly attempt: number
  /** The idempotency key; absent if the database should not remember the request. */
  readonly key?: string | undefined
  readonly command: Command
  readonly ticket: Ticket
}

export type SingleRecord = RecordsOf<{
  /**
   * An effect. If `key` is present, the same transaction stores `key` and the effect's result. `ticket` distinguishes
   * the request from duplicates.
   */
  effect: {
    from: NodeId
    ticket: Ticket
    request: string
    key?: string | undefined
    command: Command
  }
  /** A key in a transaction of its own. Only the bugs `key-after-effect` and `key-before-effect` write such records. */
  key: { key: string; result: Completion }
}>

export interface Call {
  readonly requestId: string
  readonly request: string
  readonly command: Command
  readonly phase: 'waiting' | 'backing off'
  /** The time by the monotonic clock when the answer is overdue, or the next attempt is due. */
  readonly dueAt: number
  readonly attempt: number
  /** The number of attempts that may still take effect. */
  readonly uncertain: number
}

export interface SingleState {
  readonly id: NodeId
  readonly database: NodeId
  readonly life: number
  readonly generator: Generator
  // The state that every node has as an app server.
  /** The calls by request. */
  readonly calls: Map<string, Call>
  readonly sending: Forwarding
  readonly breaker: Breaker
  retryTokens: number
  /** The database's last answer to each question. The keys are the questions as JSON. */
  readonly known: Map<string, Completion>
  // The database.
  held: unknown
  readonly receiving: Forwarding
  readonly keys: Map<string, Completion>
  readonly station: Station<{ readonly from: NodeId; readonly job: Attempt }>
  /** For the invariants: `effects` are the requests that took effect, and `wrong` describes a violation. */
  readonly effects: Set<string>
  wrong: string | undefined
}

export type Single = Types<SingleConfig, SingleState, SingleMessage, SingleRecord, 'served' | 'calls'>
export type SingleTurn = Turn<Single>
