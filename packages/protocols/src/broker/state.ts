import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { MessageOf, Turn, Types } from '../turn.ts'

export interface BrokerConfig extends Subject {
  readonly delivery: 'at-most-once' | 'at-least-once' | 'exactly-once'
  /** Whether a message waits until the one before it is settled. */
  readonly ordered: boolean
  /** Whether requests on objects other than queues go to the broker, or changes are pushed to every node. */
  readonly topics: 'pull' | 'push'
  /** How long a message that was handed out is invisible to others. */
  readonly visibilityMs: Millis
  readonly retransmitMs: Millis
  readonly timeoutMs: Millis
}

type BrokerMessage =
  // Produced messages and all requests that do not concern a queue: from a gateway to the broker, and back.
  | {
      readonly type: 'do'
      readonly request: string
      readonly command: Command
      readonly ticket: Ticket
      /** Lets the broker recognise a duplicate. */
      readonly key?: string | undefined
    }
  | { readonly type: 'did'; readonly request: string; readonly result: Completion }
  // Consuming.
  | { readonly type: 'fetch'; readonly request: string; readonly queue: string; readonly ticket: Ticket }
  /** With a receipt, unless the queue is empty or the message has left it. */
  | {
      readonly type: 'fetched'
      readonly request: string
      readonly value: Json
      readonly receipt: string | undefined
    }
  | { readonly type: 'settle'; readonly request: string; readonly queue: string; readonly receipt: string }
  | { readonly type: 'settled'; readonly request: string; readonly receipt: string; readonly accepted: boolean }
  // Subscribing.
  | ({ readonly type: 'publish' } & Publication)
  | { readonly type: 'got'; readonly number: number }

export type BrokerRecord =
  | {
      readonly kind: 'did'
      readonly from: NodeId
      readonly ticket: Ticket
      readonly command: Command
      readonly key?: string | undefined
    }
  /** A message has left its queue, under this receipt if there is one. */
  | { readonly kind: 'taken'; readonly queue: string; readonly number: number; readonly receipt?: string | undefined }
  /** At the broker: a subscriber has acknowledged it. */
  | { readonly kind: 'delivered'; readonly subscriber: NodeId; readonly number: number }
  /** At a subscriber. */
  | ({ readonly kind: 'got' } & Publication)

/** A change as subscribers get it. */
export interface Publication {
  readonly number: number
  readonly command: Command
}

export interface Entry {
  readonly number: number
  readonly value: Json
  /** Handed out, and neither settled nor visible again. */
  readonly lease?: Lease | undefined
}

interface Lease {
  readonly receipt: string
  readonly request: string
  /** By the broker's monotonic clock. */
  readonly until: number
}

export interface Call {
  readonly requestId: string
  readonly command: Command
  /** By the monotonic clock. */
  readonly dueAt: number
  /** The message in hand; it goes to the client once it is settled. */
  readonly inHand?: { readonly value: Json; readonly receipt: string } | undefined
}

export interface BrokerState {
  readonly id: NodeId
  readonly broker: NodeId
  readonly life: number
  // The gateway; each node is one.
  readonly calls: Map<string, Call>
  readonly sending: Forwarding
  // The broker.
  /** All objects but queues. */
  held: unknown
  readonly queues: Map<string, Entry[]>
  readonly receiving: Forwarding
  /** By key of a producer's request: the answer. */
  readonly keys: Map<string, Completion>
  /** Receipts under which a message left its queue, with its number. */
  readonly receipts: Map<string, number>
  /** By subscriber: what it has not acknowledged, in order. */
  readonly subscribers: Map<NodeId, Publication[]>
  published: number
  // A subscriber.
  copy: unknown
  /** The numbers of the changes it has received. */
  readonly got: Map<string, true>
  // The broker's queues.
  produced: number
  handedOut: number
  /** A message that left its queue twice; for the invariant. */
  twice: string | undefined
}

export type Broker = Types<BrokerConfig, BrokerState, BrokerMessage, BrokerRecord, 'push' | 'again'>
export type BrokerTurn = Turn<Broker>

export type Message<Type extends BrokerMessage['type']> = MessageOf<BrokerMessage, Type>
