import type { NodeId } from '@chaosproxy/faults'
import { type Millis, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { ProtocolSetting } from '../definition.ts'
import { draw, type Generator } from '../generator.ts'
import type { NodeSetting } from '../machine.ts'
import { inOrder } from '../members.ts'
import type { ProtocolSettings, Subject } from '../options.ts'
import { answer, failReads } from './answers.ts'
import { type Origin, type RoutingConfig, type RoutingState, type RoutingTurn, routedAtFirst } from './routing.ts'
import { applyOnce } from './sessions.ts'

// Settings of a leader that sends heartbeats, and of nodes that take over after a time of silence.

export interface SuccessionConfig extends RoutingConfig {
  readonly heartbeatMs: Millis
  readonly silenceMinMs: Millis
  readonly silenceMaxMs: Millis
}

export interface SuccessionState extends RoutingState {
  readonly generator: Generator
}

export interface MemberState extends SuccessionState {
  readonly nodes: readonly NodeId[]
  /** The origin of each entry's request, by position in the log. */
  origins: Map<number, Origin>
}

export const memberAtFirst = (node: NodeSetting, subject: Subject): MemberState => ({
  ...routedAtFirst(node, subject),
  nodes: inOrder(node.id, node.peers),
  origins: new Map(),
})

/**
 * Returns the settings for heartbeats, and for the silence after which a node replaces the leader. `leader` is the
 * protocol's word for a leader. `succeeds` says what that node does, such as `takes over`.
 */
export const successionSettings = (
  leader: string,
  succeeds: string,
): ProtocolSettings<'heartbeat-ms' | 'silence-min-ms' | 'silence-max-ms'> => ({
  'heartbeat-ms': { summary: `milliseconds between heartbeats of a ${leader}`, default: 50 },
  'silence-min-ms': { summary: `shortest silence after which a node ${succeeds}`, default: 250 },
  'silence-max-ms': { summary: `longest silence after which a node ${succeeds}`, default: 500 },
})

export const routingSettings = (
  leader: string,
): ProtocolSettings<'leader-wait-ms' | 'retry-ms' | 'request-timeout-ms'> => ({
  'leader-wait-ms': { summary: `how long a request waits for a ${leader} before it is refused`, default: 300 },
  'retry-ms': {
    summary: `how long a request waits for the answer of its ${leader} before it is sent there again; 0: never again`,
    default: 250,
  },
  'request-timeout-ms': { summary: `how long a request waits for its answer once a ${leader} has it`, default: 1000 },
})

/** Whether a read takes a position in the log, or waits for a round that confirms the leader. */
export type Reads = 'log' | 'round'

export const readsSetting = (
  leader: string,
): Omit<ProtocolSetting, 'name' | 'values'> & { readonly values: readonly Reads[] } => ({
  summary: `how the ${leader} answers reads: after a round that confirms that it still leads, or as entries of the log`,
  default: 'round',
  values: ['round', 'log'],
  worthTrying: ['log'],
})

/** If the longest silence is set to less than the shortest silence, raises it to the shortest. */
export const withSilence = <Chosen extends Pick<SuccessionConfig, 'silenceMinMs' | 'silenceMaxMs'>>(
  chosen: Chosen,
): Chosen => ({ ...chosen, silenceMaxMs: millis(Math.max(chosen.silenceMinMs, chosen.silenceMaxMs)) })

/** Applies the next entry of the log, and answers its request if the request waits on this node. */
export function applyNext(turn: MemberTurn, command: Command | null, answers = true): void {
  const { state, config } = turn
  state.applied++
  const result = command === null ? undefined : applyOnce(config.object, state.copy, command)
  const origin = state.origins.get(state.applied)
  state.origins.delete(state.applied)
  if (origin !== undefined && result !== undefined && answers) answer(turn, origin, result)
}

export function resign(turn: MemberTurn): void {
  failReads(turn)
  turn.state.origins = new Map()
}

interface MemberTurn extends RoutingTurn {
  readonly state: MemberState
}

/** Restarts the wait for the leader. The timer fires after a random time of silence. */
export function awaitLeader(turn: SuccessionTurn): void {
  const { silenceMinMs, silenceMaxMs } = turn.config
  turn.setTimer('silence', millis(silenceMinMs + draw(turn.state.generator) * (silenceMaxMs - silenceMinMs)))
}

interface SuccessionTurn {
  readonly state: SuccessionState
  readonly config: SuccessionConfig
  setTimer(timer: 'silence', afterMs: Millis): void
}

export function broadcast<Message>(turn: BroadcastingTurn<Message>, message: Message): void {
  const { id, nodes } = turn.state
  for (const node of nodes) if (node !== id) turn.send(node, message)
}

interface BroadcastingTurn<Message> {
  readonly state: { readonly id: NodeId; readonly nodes: readonly NodeId[] }
  send(to: NodeId, message: Message): void
}
