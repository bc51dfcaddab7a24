import type { NodeId } from '@chaos/faults'
import type { Completion, Millis } from '@chaos/history'
import type { Command } from '../command.ts'
import type { Effect } from '../machine.ts'
import type { AnyObject } from '../objects/object.ts'
import type { Forwarding, Ticket } from './forwarding.ts'
import type { Read } from './reads.ts'
import type { SessionedCopy } from './sessions.ts'

// The way of a request: from the node that a client asked to the one that leads, and of the answer back. Protocols that
// have a leader of whatever name share it.

/** Where the answer to a request belongs: the node the client asked, and the number of that node's attempt. */
export interface Origin {
  readonly node: NodeId
  readonly requestId: string
  readonly attempt: number
}

export type RoutedMessage =
  | {
      readonly type: 'forward'
      readonly origin: Origin
      readonly command: Command
      readonly ticket: Ticket
    }
  | { readonly type: 'answer'; readonly origin: Origin; readonly result: Completion }

/** A request that a client put to this node, until it is answered. */
export interface Request {
  readonly command: Command
  /** Sweeps since it came, or since it was first handed to a leader. */
  age: number
  attempts: number
  /** Attempts that a leader has, or may have, and that were neither answered nor refused. */
  open: readonly number[]
  lastLeader: NodeId | undefined
}

/** What of a node's state is about requests. */
export interface RoutingState {
  readonly id: NodeId
  readonly forwarding: Forwarding
  readonly requests: Map<string, Request>
  /** Whom this node takes for the leader. */
  leader: NodeId | undefined
  /** Of a leader: reads that wait. */
  reads: Read<Origin>[]
  roundConfirmed: number
  applied: number
  copy: SessionedCopy
}

export interface RoutingConfig {
  readonly object: AnyObject
  /** How long a request waits for a leader to turn up before it is refused; 0: not at all. */
  readonly leaderWaitMs: Millis
  /** How long a request that was handed to a leader waits for its answer. */
  readonly requestTimeoutMs: Millis
  /** Whether a request that one leader has not answered is handed to the next, where that is safe. */
  readonly retries: boolean
}

/** One step in the making. */
export interface RoutingTurn<Turn> {
  readonly state: RoutingState
  readonly config: RoutingConfig
  readonly protocol: RoutedProtocol<Turn>
}

/** What a protocol does itself. */
export interface RoutedProtocol<Turn> {
  emit(turn: Turn, effect: Effect<RoutedMessage, never>): void
  /** A request has reached the node that its origin takes for the leader. */
  serve(turn: Turn, origin: Origin, command: Command): void
}

/** Nodes and leaders refuse what goes beyond it. */
export const REQUEST_LIMIT = 10_000

export const isRead = ({ object }: RoutingConfig, { input }: Command): boolean => object.reads.includes(input.f)
