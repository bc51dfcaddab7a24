import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'

interface OutboxConfig extends Subject {
  readonly write: 'outbox' | 'database-then-queue' | 'queue-then-database'
  readonly requestTimeoutMs: Millis
  /** The interval at which the relay repeats events that were not confirmed. */
  readonly relayMs: Millis
}

type OutboxMessage = MessagesOf<{
  commit: { request: string; command: Command; ticket: Ticket }
  committed: { request: string; result: Completion }
  publish: { request: string; command: Command; ticket: Ticket }
  published: { request: string }
  events: { first: number; commands: readonly Command[] }
  received: { upTo: number }
  query: { request: string; input: Input }
  answer: { request: string; result: Completion }
}>

type OutboxRecord = RecordsOf<{
  /**
   * In the database: the effect of a command. If `event` is true, the same transaction also stores the command's event
   * for the queue.
   */
  commit: {
    from: NodeId
    ticket: Ticket
    command: Command
    event: boolean
  }
  /** The database stores an event in a record of its own, not with its effect. Only the bug `outbox-apart` does so. */
  event: { command: Command }
  /** The database stores the number of the last event that the queue has confirmed. */
  sent: { upTo: number }
  /** In the queue: an event received from the relay. */
  received: { command: Command }
  /** In the queue: an event received from an app server. */
  published: { from: NodeId; ticket: Ticket; command: Command }
}>

interface Call {
  readonly requestId: string
  readonly command: Command
  readonly dueAt: number
}

interface OutboxState {
  readonly id: NodeId
  readonly database: NodeId
  readonly queue: NodeId
  readonly life: number
  // The state that every node has as an app server.
  readonly calls: Map<string, Call>
  readonly toDatabase: Forwarding
  readonly toQueue: Forwarding
  // The database.
  stored: unknown
  readonly commits: Forwarding
  readonly outbox: Command[]
  /** The number of the last event that the queue has confirmed. */
  sent: number
  viewed: unknown
  readonly publications: Forwarding
  received: number
}

export type Outbox = Types<OutboxConfig, OutboxState, OutboxMessage, OutboxRecord, 'relay' | 'calls'>
export type OutboxTurn = Turn<Outbox>
