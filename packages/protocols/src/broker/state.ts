import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'

export interface BrokerConfig extends Subject {
  readonly delivery: 'at-most-once' | 'at-least-once' | 'exactly-once'
  /** Whether a message waits until the previous message is settled. */
  readonly ordered: boolean
  /** Whether requests on topics go to the broker, or the broker pushes changes to every node. */
  readonly topics: 'pull' | 'push'
  /** How long a delivered message is invisible to other consumers. */
  readonly visibilityMs: Millis
  readonly retransmitMs: Millis
  readonly requestTimeoutMs: Millis
}

type BrokerMessage = MessagesOf<{
  // Between a gateway and the broker: requests other than dequeues, and their results.
  do: {
    request: string
    command: Command
    ticket: Ticket
    key?: string | undefined
  }
  did: { request: string; result: Completion }
  // Consuming.
  fetch: { request: string; queue: string; ticket: Ticket }
  /** The reply to a fetch. It has no receipt if there was no message, or if the message has left the queue. */
  fetched: {
    request: string
    value: Json
    receipt: string | undefined
  }
  settle: { request: string; queue: string; receipt: string }
  settled: { request: string; receipt: string; accepted: boolean }
  // Subscribing.
  publish: Publication
  got: { number: number }
}>

export type BrokerRecord = RecordsOf<{
  did: {
    from: NodeId
    ticket: Ticket
    command: Command
    key?: string | undefined
  }
  /** A message has left its queue. `receipt` is absent if the message was not delivered. */
  taken: { queue: string; number: number; receipt?: string | undefined }
  /** At the broker: a subscriber has acknowledged a message. */
  delivered: { subscriber: NodeId; number: number }
  /** At a subscriber. */
  got: Publication
}>

/** A change as sent to subscribers. */
export interface Publication {
  readonly number: number
  readonly command: Command
}

export interface Entry {
  readonly number: number
  readonly value: Json
  /** The lease exists from the delivery of the message until the message is settled or visible again. */
  readonly lease?: Lease | undefined
}

interface Lease {
  readonly receipt: string
  readonly request: string
  readonly until: number
}

export interface Call {
  readonly requestId: string
  readonly command: Command
  readonly dueAt: number
  /** The message received from the broker. It is passed to the client once it is settled. */
  readonly inHand?: { readonly value: Json; readonly receipt: string } | undefined
}

export interface BrokerState {
  readonly id: NodeId
  readonly broker: NodeId
  readonly life: number
  // The state of the gateway; each node is a gateway.
  readonly calls: Map<string, Call>
  readonly sending: Forwarding
  // The broker.
  held: unknown
  readonly queues: Map<string, Entry[]>
  readonly receiving: Forwarding
  readonly keys: Map<string, Completion>
  /** The numbers of messages removed from their queues, by receipt. A receipt identifies one delivery of a message. */
  readonly receipts: Map<string, number>
  readonly subscribers: Map<NodeId, Publication[]>
  published: number
  // A subscriber.
  copy: unknown
  readonly got: Map<string, true>
  // The broker's queues.
  produced: number
  handedOut: number
  /**
   * Describes a message that one consumer settled while another consumer held it. The invariant checks that there is
   * none.
   */
  twice: string | undefined
}

export type Broker = Types<BrokerConfig, BrokerState, BrokerMessage, BrokerRecord, 'push' | 'again'>
export type BrokerTurn = Turn<Broker>
