import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { createGenerator, type Generator } from '../generator.ts'
import type { NodeSetting } from '../machine.ts'
import type { Subject } from '../options.ts'
import type { MessagesOf } from '../turn.ts'
import { createForwarding, type Forwarding, type Ticket } from './forwarding.ts'
import type { Read } from './reads.ts'
import { createCopy, type SessionedCopy } from './sessions.ts'

// Routes a request from the node that a client called to the leader, and the answer back. Shared by all protocols that
// have some kind of leader.

/** The destination of an answer: the node that the client called, and that node's attempt number. */
export interface Origin {
  readonly node: NodeId
  readonly requestId: string
  readonly attempt: number
}

export type RoutedMessage = MessagesOf<{
  forward: {
    origin: Origin
    command: Command
    ticket: Ticket
  }
  answer: { origin: Origin; result: Completion }
}>

/** A client's request to this node, until it is answered. */
export interface Request {
  readonly command: Command
  /**
   * The number of calls of `sweepRequests` since the request arrived or, once it has been forwarded, since it was first
   * forwarded.
   */
  age: number
  attempts: number
  /** The attempts that may have reached a leader, but were neither answered nor refused. */
  open: readonly number[]
  lastLeader: NodeId | undefined
  forwardedAtAge: number
}

export interface RoutingState {
  readonly id: NodeId
  readonly forwarding: Forwarding
  readonly requests: Map<string, Request>
  leader: NodeId | undefined
  reads: Read<Origin>[]
  roundStarted: number
  roundConfirmed: number
  applied: number
  copy: SessionedCopy
}

export const routedAtFirst = (
  { id, seed }: NodeSetting,
  { object }: Subject,
): RoutingState & { readonly generator: Generator } => ({
  ...{ id, generator: createGenerator(seed), forwarding: createForwarding(seed), copy: createCopy(object) },
  ...{ requests: new Map(), leader: undefined, applied: 0, reads: [], roundStarted: 0, roundConfirmed: 0 },
})

export function resetRounds(state: RoutingState): void {
  state.reads = []
  state.roundStarted = 0
  state.roundConfirmed = 0
}

export interface RoutingConfig extends Subject {
  serve(turn: RoutingTurn, origin: Origin, command: Command): void
  /** How long a request waits for a leader before it is refused; 0 to refuse it immediately. */
  readonly leaderWaitMs: Millis
  readonly requestTimeoutMs: Millis
  /**
   * How long a request waits for an answer before it is forwarded again, if that is safe. A new leader gets the request
   * immediately. If 0, a request that waits for an answer is never forwarded again.
   */
  readonly retryMs: Millis
}

export interface RoutingTurn {
  readonly state: RoutingState
  readonly config: RoutingConfig
  send(to: NodeId, message: RoutedMessage): void
  reply(requestId: string, result: Completion): void
  setTimer(timer: RoutedTimer, afterMs: Millis): void
  cancelTimer(timer: RoutedTimer): void
}

/** The timer for the periodic check of waiting requests. It runs only while requests wait. */
export type RoutedTimer = 'requests'

/** The largest number of open requests of a node or leader. Further requests are refused. */
export const REQUEST_LIMIT = 10_000
