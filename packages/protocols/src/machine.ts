import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from './command.ts'

/**
 * A replicated system as a state machine without side effects: `step` may change `State` in place, but nothing else,
 * and must not read a clock, a file, a socket or `Math.random`. Hosts execute the effects.
 *
 * Durability: effects are executed in order, and nothing after a `persist` starts before its record is durable, not
 * even effects of later steps. A kill drops the state; `start` then gets every durable record, in order.
 */
export interface StateMachine<State, Message, DurableRecord> {
  start(node: NodeSetting, journal: readonly DurableRecord[], now: Millis): Transition<State, Message, DurableRecord>
  /**
   * @param now the node's wall clock, as at `start`. It may differ from the clocks of other nodes, drift, and jump
   *   either way. Real nodes of one machine share one clock without jumps.
   * @param steady the node's monotonic clock. It drifts with the wall clock but never jumps, and it continues while the
   *   process is paused. Timers follow it. Only differences between readings in one life have a meaning.
   */
  step(
    state: State,
    event: MachineEvent<Message>,
    now: Millis,
    steady: Millis,
  ): Transition<State, Message, DurableRecord>
  /** Returns the node's status, for people and for a nemesis that looks for the leader. */
  status(state: State): NodeStatus
  /**
   * Reads the node's own copy, to show it to people. Must change nothing. Returns undefined if the node has no copy.
   */
  holds?(state: State, read: Input): Json | undefined
}

/** The place of a machine in its cluster. */
export interface NodeSetting {
  readonly id: NodeId
  /** All the other nodes. */
  readonly peers: readonly NodeId[]
  /** A seed that differs between nodes and between restarts of one node. */
  readonly seed: number
}

/** A node's own view of itself; read between its steps. */
export interface NodeStatus {
  /** The protocol's own name of the role: leader, follower, candidate, primary, replica, … */
  readonly role: string
  /** Whether this node considers itself the node that performs the writes. */
  readonly leads: boolean
  /** Whether the node leads in name only: it reaches fewer nodes than it needs, and refuses clients. */
  readonly alone?: boolean | undefined
  /**
   * Whether the node can serve clients now. By default, it can as soon as any node leads. Protocols without a leader
   * must set this member.
   */
  readonly ready?: boolean | undefined
  /** Whether the node will still send data that other nodes lack. Until then, the states of nodes need not agree. */
  readonly owes?: boolean | undefined
  /** The number of the term, epoch or view, if the protocol has one. */
  readonly term?: number | undefined
  /** The number of entries of the shared log that the node has applied. */
  readonly applied?: number | undefined
  readonly leader?: NodeId | undefined
}

/** An event of a node: the input of one step. */
export type MachineEvent<Message> =
  | { readonly type: 'message'; readonly from: NodeId; readonly message: Message }
  /** `requestId` is unique among all requests ever given to this node. */
  | ({ readonly type: 'request'; readonly requestId: string } & Command)
  | { readonly type: 'timer'; readonly timer: string }

/** The effects of a step, executed in order. */
export type Effect<Message, DurableRecord> =
  | { readonly type: 'send'; readonly to: NodeId; readonly message: Message }
  | { readonly type: 'reply'; readonly requestId: string; readonly result: Completion }
  | { readonly type: 'persist'; readonly record: DurableRecord }
  /** Sets a timer; setting it again replaces it. */
  | { readonly type: 'setTimer'; readonly timer: string; readonly afterMs: Millis }
  | { readonly type: 'cancelTimer'; readonly timer: string }
  /** A deliberate bug has just taken effect. */
  | { readonly type: 'mark' }
  | { readonly type: 'log'; readonly text: string }

/** The result of a step: the next state, and the node's effects. */
export interface Transition<State, Message, DurableRecord> {
  readonly state: State
  readonly effects: readonly Effect<Message, DurableRecord>[]
}
