import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { MessageOf, Turn, Types } from '../turn.ts'

export interface OutboxConfig extends Subject {
  readonly write: 'outbox' | 'database-then-queue' | 'queue-then-database'
  readonly timeoutMs: Millis
  /** The interval at which the relay repeats events that were not confirmed. */
  readonly relayMs: Millis
}

type OutboxMessage =
  // Messages between an app server and the database.
  | { readonly type: 'commit'; readonly request: string; readonly command: Command; readonly ticket: Ticket }
  | { readonly type: 'committed'; readonly request: string; readonly result: Completion }
  // Messages of the dual write between an app server and the queue.
  | { readonly type: 'publish'; readonly request: string; readonly command: Command; readonly ticket: Ticket }
  | { readonly type: 'published'; readonly request: string }
  // Messages between the database's relay and the queue.
  | { readonly type: 'events'; readonly first: number; readonly commands: readonly Command[] }
  | { readonly type: 'received'; readonly upTo: number }
  // Messages between an app server and the view behind the queue.
  | { readonly type: 'query'; readonly request: string; readonly input: Input }
  | { readonly type: 'answer'; readonly request: string; readonly result: Completion }

export type OutboxRecord =
  /**
   * In the database: the effect of a command. If `event` is true, the same transaction contains the event of the
   * command.
   */
  | {
      readonly kind: 'commit'
      readonly from: NodeId
      readonly ticket: Ticket
      readonly command: Command
      readonly event: boolean
    }
  /** In the database, with a bug: an event in its own transaction. */
  | { readonly kind: 'event'; readonly command: Command }
  /** In the database: the queue has the events up to this number. */
  | { readonly kind: 'sent'; readonly upTo: number }
  /** In the queue: an event received from the relay. */
  | { readonly kind: 'received'; readonly command: Command }
  /** In the queue: an event received from an app server. */
  | { readonly kind: 'published'; readonly from: NodeId; readonly ticket: Ticket; readonly command: Command }

interface Call {
  readonly requestId: string
  readonly command: Command
  /** The deadline by the monotonic clock. */
  readonly dueAt: number
}

export interface OutboxState {
  readonly id: NodeId
  readonly database: NodeId
  readonly queue: NodeId
  readonly life: number
  // The state of the app server; each node is one.
  readonly calls: Map<string, Call>
  readonly toDatabase: Forwarding
  readonly toQueue: Forwarding
  // The database.
  stored: unknown
  readonly commits: Forwarding
  /** Events that the queue has not confirmed, oldest first. */
  readonly outbox: Command[]
  /** The number of the last event that the queue has confirmed. */
  sent: number
  // The state of the queue, and the view that is built from its events.
  viewed: unknown
  readonly publications: Forwarding
  received: number
}

export type Outbox = Types<OutboxConfig, OutboxState, OutboxMessage, OutboxRecord, 'relay' | 'calls'>
export type OutboxTurn = Turn<Outbox>

export type Message<Type extends OutboxMessage['type']> = MessageOf<OutboxMessage, Type>
