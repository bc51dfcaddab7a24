import type { NodeId } from '@chaosproxy/faults'
import { createGenerator } from '../generator.ts'
import { createLog, replaceFrom } from '../log.ts'
import type { NodeSetting, NodeStatus, StateMachine } from '../machine.ts'
import { dispatch, type Handlers } from '../routing/dispatch.ts'
import { createForwarding } from '../routing/forwarding.ts'
import { offerRequests } from '../routing/requests.ts'
import { isRead, type RoutedMessage, type RoutedProtocol } from '../routing/routing.ts'
import { createCopy } from '../routing/sessions.ts'
import {
  awaitHead,
  begin,
  beginChain,
  checkChain,
  handleSealed,
  heartbeat,
  reconfigure,
  seal,
} from './reconfiguration.ts'
import {
  type ChainConfig,
  type ChainMessage,
  type ChainRecord,
  type ChainState,
  emit,
  isActive,
  isHead,
  isTail,
  send,
  type Turn,
} from './state.ts'
import { askRound, executeAtTail, handleAck, handleConfirmed, handleUpdate, query, readHere, serve } from './updates.ts'

export type ChainMachine = StateMachine<ChainState, ChainMessage, ChainRecord>

/**
 * Chain replication: updates go from the head along the chain; the tail answers them, and queries. Where it departs from
 * the paper: `state.ts`.
 */
export function createChain(config: ChainConfig): ChainMachine {
  const protocol: RoutedProtocol<Turn> = { emit, serve }
  return {
    start(node, journal) {
      const turn: Turn = { config, protocol, state: recover(config, node, journal), effects: [] }
      resume(turn)
      return turn
    },
    step(state, event) {
      const turn: Turn = { config, protocol, state, effects: [] }
      if (event.type === 'request' && config.bug === 'read-from-anywhere' && isRead(config, event))
        readHere(turn, event.requestId, event.input)
      else dispatch(turn, event, handlers)
      return turn
    },
    status: statusOf,
  }
}

function recover({ object }: ChainConfig, node: NodeSetting, journal: readonly ChainRecord[]): ChainState {
  const state: ChainState = {
    id: node.id,
    nodes: [node.id, ...node.peers].sort(),
    generator: createGenerator(node.seed),
    forwarding: createForwarding(node.seed),
    requests: new Map(),
    leader: undefined,
    promised: 0,
    epoch: 0,
    chain: [],
    log: createLog(),
    applied: 0,
    copy: createCopy(object),
    acked: 0,
    begun: false,
    origins: new Map(),
    sealed: undefined,
    heard: [],
    reads: [],
    roundStarted: 0,
    roundConfirmed: 0,
    rounds: new Map(),
  }
  for (const record of journal) {
    if (record.kind !== 'sealed') replaceFrom(state.log, record.from, record.entries)
    if (record.kind !== 'entries') state.promised = Math.max(state.promised, record.epoch)
    if (record.kind === 'begun') {
      state.epoch = record.epoch
      state.chain = record.chain
    }
  }
  return state
}

/**
 * A node that restarts takes its place again, unless the epoch has been sealed. A head does not: it may have numbered
 * updates that were lost with its memory.
 */
function resume(turn: Turn): void {
  const { state, config } = turn
  awaitHead(turn)
  if (!isActive(state)) return
  if (isHead(state)) {
    reconfigure(turn)
    return
  }
  emit(turn, { type: 'setTimer', timer: 'heartbeat', afterMs: config.heartbeatMs })
  if (isTail(state)) executeAtTail(turn)
}

const handlers: Handlers<Turn, ChainMessage> = { message: handleMessage, timer: handleTimer }

function handleMessage(turn: Turn, from: NodeId, message: Exclude<ChainMessage, RoutedMessage>): void {
  const { state } = turn
  if (message.type === 'sealed') {
    handleSealed(turn, from, message.epoch, message.last)
    return
  }
  if (message.epoch < state.promised) {
    if (message.type !== 'deposed') send(turn, from, { type: 'deposed', epoch: state.promised })
    return
  }
  switch (message.type) {
    case 'seal':
      if (message.epoch > state.promised)
        send(turn, from, { type: 'sealed', epoch: message.epoch, last: seal(turn, message.epoch) })
      return
    case 'deposed':
      if (message.epoch > state.promised) seal(turn, message.epoch)
      return
    case 'begin':
      if (message.epoch > state.epoch) begin(turn, message)
      else if (isTail(state)) executeAtTail(turn)
      return
    case 'alive':
      follow(turn, from)
      send(turn, from, { type: 'here', epoch: message.epoch })
      return
    case 'confirm':
      send(turn, from, { type: 'confirmed', epoch: message.epoch, round: message.round })
      return
    default:
      if (message.epoch === state.epoch && isActive(state)) handleInChain(turn, from, message)
  }
}

type InChain = Extract<ChainMessage, { type: 'update' | 'ack' | 'query' | 'confirmed' | 'here' }>

function handleInChain(turn: Turn, from: NodeId, message: InChain): void {
  switch (message.type) {
    case 'update':
      handleUpdate(turn, from, message)
      return
    case 'ack':
      handleAck(turn, message.index)
      return
    case 'query':
      query(turn, message.origin, message.input)
      return
    case 'confirmed':
      handleConfirmed(turn, from, message.round)
      return
    case 'here':
      turn.state.heard.push(from)
      return
    default:
      message satisfies never
  }
}

function follow(turn: Turn, head: NodeId): void {
  const { state } = turn
  if (isHead(state)) return
  const isNew = state.leader !== head
  state.leader = head
  awaitHead(turn)
  if (isNew) offerRequests(turn)
}

function handleTimer(turn: Turn, timer: string): void {
  switch (timer) {
    case 'silence':
      reconfigure(turn)
      return
    case 'gather':
      beginChain(turn)
      return
    case 'check':
      checkChain(turn)
      return
    case 'heartbeat':
      heartbeat(turn)
      askRound(turn)
      return
    default:
      throw new Error(`chain set no timer called "${timer}"`)
  }
}

function statusOf(state: ChainState): NodeStatus {
  const { promised, leader } = state
  return { role: roleOf(state), leads: isHead(state), term: promised, leader }
}

function roleOf(state: ChainState): string {
  if (!isActive(state)) return 'outside'
  if (isHead(state)) return 'head'
  return isTail(state) ? 'tail' : 'middle'
}
