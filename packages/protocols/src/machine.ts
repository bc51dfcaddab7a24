import type { NodeId } from '@chaos/faults'
import type { Completion, Millis } from '@chaos/history'
import type { Command } from './command.ts'

/**
 * A replicated system as a state machine. Pure from outside: `step` may change `State` in place and return it, and may
 * change nothing else, nor read a clock, a file, a socket or `Math.random`. Hosts (processes over TCP, or the simulator) carry out
 * the effects.
 *
 * Durability: effects are carried out in order, and nothing after a `persist` starts before its record is durable; that
 * holds for later steps of the same node too. A kill drops the state; `start` is then called with the journal: every
 * record that became durable, in order.
 */
export interface StateMachine<State, Message, DurableRecord> {
  start(node: NodeSetting, journal: readonly DurableRecord[], now: Millis): Transition<State, Message, DurableRecord>
  step(state: State, event: MachineEvent<Message>, now: Millis): Transition<State, Message, DurableRecord>
  /** What a person, or a nemesis that looks for the leader, may know about this node. */
  status(state: State): NodeStatus
}

export interface NodeSetting {
  readonly id: NodeId
  /** All the other nodes. */
  readonly peers: readonly NodeId[]
  /** Differs between nodes and between restarts of one node. */
  readonly seed: number
}

export interface NodeStatus {
  /** The protocol's own word: leader, follower, candidate, primary, replica, … */
  readonly role: string
  /** True where this node believes that it is the one that takes writes. */
  readonly leads: boolean
  /** Whether clients can be served now; absent: once somebody leads. A protocol without a leader says it here. */
  readonly ready?: boolean | undefined
  /** Term, epoch or view number, where the protocol has one. */
  readonly term?: number | undefined
  /** Whom this node believes to lead. */
  readonly leader?: NodeId | undefined
}

export type MachineEvent<Message> =
  | { readonly type: 'message'; readonly from: NodeId; readonly message: Message }
  /** `requestId` is unique among the requests this node was ever given. */
  | ({ readonly type: 'request'; readonly requestId: string } & Command)
  | { readonly type: 'timer'; readonly timer: string }

/** Carried out in order. */
export type Effect<Message, DurableRecord> =
  | { readonly type: 'send'; readonly to: NodeId; readonly message: Message }
  | { readonly type: 'reply'; readonly requestId: string; readonly result: Completion }
  | { readonly type: 'persist'; readonly record: DurableRecord }
  /** Setting a timer that is set replaces it. */
  | { readonly type: 'setTimer'; readonly timer: string; readonly afterMs: Millis }
  | { readonly type: 'cancelTimer'; readonly timer: string }
  /** A deliberate mistake has just made a difference: what a run with it is known to have tried. */
  | { readonly type: 'mark' }
  /** For the node's log: something a person following the run would want to read. */
  | { readonly type: 'log'; readonly text: string }

export interface Transition<State, Message, DurableRecord> {
  readonly state: State
  readonly effects: readonly Effect<Message, DurableRecord>[]
}
