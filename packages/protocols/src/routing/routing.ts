import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { createGenerator, type Generator } from '../generator.ts'
import type { NodeSetting } from '../machine.ts'
import type { Subject } from '../options.ts'
import { createForwarding, type Forwarding, type Ticket } from './forwarding.ts'
import type { Read } from './reads.ts'
import { createCopy, type SessionedCopy } from './sessions.ts'

// Routes a request from the client's node to the leader, and the answer back, for all protocols with a leader.

/** Where an answer goes: the client's node, and its attempt. */
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

/** A client's request, until it is answered. */
export interface Request {
  readonly command: Command
  /** Sweeps since the request arrived, or was first forwarded. */
  age: number
  attempts: number
  /** The attempts that may have reached a leader, without an answer. */
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

/** Resets the rounds of a new leader. */
export function resetRounds(state: RoutingState): void {
  state.reads = []
  state.roundStarted = 0
  state.roundConfirmed = 0
}

export interface RoutingConfig extends Subject {
  /** Serves a request, as the leader. */
  serve(turn: RoutingTurn, origin: Origin, command: Command): void
  /** How long a request waits for a leader; 0 to refuse it immediately. */
  readonly leaderWaitMs: Millis
  /** How long a forwarded request waits for its answer. */
  readonly requestTimeoutMs: Millis
  /** After how long a request is forwarded again, if that is safe; to a new leader immediately. 0 disables both. */
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

/** The timer that sweeps waiting requests. */
export type RoutedTimer = 'requests'

/** Above it, a node or leader refuses requests. */
export const REQUEST_LIMIT = 10_000

export const isRead = ({ object }: RoutingConfig, { input }: Command): boolean => object.reads.includes(input.f)
