import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from './command.ts'

/**
 * A replicated system as a state machine. Pure from outside: `step` may change `State` in place and return it, but must
 * change nothing else and must not read a clock, a file, a socket or `Math.random`. Hosts (processes over TCP, or the
 * simulator) carry out the effects.
 *
 * Durability: effects are carried out in order, and nothing after a `persist` starts before its record is durable; this
 * includes effects of later steps of the same node. A kill drops the state; `start` is then called with the journal:
 * every record that became durable, in order.
 */
export interface StateMachine<State, Message, DurableRecord> {
  start(node: NodeSetting, journal: readonly DurableRecord[], now: Millis): Transition<State, Message, DurableRecord>
  /**
   * @param now the node's wall clock, as at `start`: others' may differ, and it may drift or jump either way. Real nodes of
   *   one machine share one clock without jumps.
   * @param steady the node's monotonic clock: it drifts with the wall clock but never jumps, and goes on while the process is
   *   paused. Timers follow it. Only differences between readings in one life mean anything.
   */
  step(
    state: State,
    event: MachineEvent<Message>,
    now: Millis,
    steady: Millis,
  ): Transition<State, Message, DurableRecord>
  /** The node's status as a person sees it, or a nemesis looking for the leader. */
  status(state: State): NodeStatus
  /**
   * Reads the node's own copy, whether or not the node may answer with it, so that a person can see what the node
   * believes. Undefined if it has no copy. When absent, no node can say. Changes nothing.
   */
  holds?(state: State, read: Input): Json | undefined
}

/** The place of a machine in its cluster. */
export interface NodeSetting {
  readonly id: NodeId
  /** All the other nodes. */
  readonly peers: readonly NodeId[]
  /** Differs between nodes and between restarts of one node. */
  readonly seed: number
}

/** A node's own view of itself; read between its steps. */
export interface NodeStatus {
  /** The protocol's own term: leader, follower, candidate, primary, replica, … */
  readonly role: string
  /** Whether this node believes it takes the writes. */
  readonly leads: boolean
  /** Whether it leads in name only: it does not reach as many nodes as it needs, and refuses clients. When absent, it does not. */
  readonly alone?: boolean | undefined
  /** Whether it can serve clients now; when absent, as soon as some node leads. Protocols without a leader must set it. */
  readonly ready?: boolean | undefined
  /**
   * Whether it has something that other nodes lack and will still send them: until then their states need not agree.
   * When absent, it has not.
   */
  readonly owes?: boolean | undefined
  /** Term, epoch or view number, if the protocol has one. */
  readonly term?: number | undefined
  /** How many entries of the shared log it has applied, if there is one: a node with fewer lags behind. */
  readonly applied?: number | undefined
  readonly leader?: NodeId | undefined
}

/** What happens to a node: the input of one step. */
export type MachineEvent<Message> =
  | { readonly type: 'message'; readonly from: NodeId; readonly message: Message }
  /** `requestId` is unique among all requests ever given to this node. */
  | ({ readonly type: 'request'; readonly requestId: string } & Command)
  | { readonly type: 'timer'; readonly timer: string }

/** Carried out in order. */
export type Effect<Message, DurableRecord> =
  | { readonly type: 'send'; readonly to: NodeId; readonly message: Message }
  | { readonly type: 'reply'; readonly requestId: string; readonly result: Completion }
  | { readonly type: 'persist'; readonly record: DurableRecord }
  /** Setting a timer again replaces it. */
  | { readonly type: 'setTimer'; readonly timer: string; readonly afterMs: Millis }
  | { readonly type: 'cancelTimer'; readonly timer: string }
  /** A deliberate bug has just made a difference, so the run has tried it. */
  | { readonly type: 'mark' }
  /** A line for the node's log, for a person following the run. */
  | { readonly type: 'log'; readonly text: string }

/** The result of a step: the next state, and the node's effects. */
export interface Transition<State, Message, DurableRecord> {
  readonly state: State
  readonly effects: readonly Effect<Message, DurableRecord>[]
}
