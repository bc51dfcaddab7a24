import type { NodeId } from '@chaosproxy/faults'
import { createGenerator } from '../generator.ts'
import { createLog, replaceFrom } from '../log.ts'
import type { NodeSetting, NodeStatus, StateMachine } from '../machine.ts'
import type { AnyObject } from '../objects/object.ts'
import { readOf } from '../routing/answers.ts'
import { dispatch, type Handlers } from '../routing/dispatch.ts'
import { createForwarding } from '../routing/forwarding.ts'
import { isRead, type RoutedMessage, type RoutedProtocol } from '../routing/routing.ts'
import { createCopy } from '../routing/sessions.ts'
import { rebuildCopy } from './copy.ts'
import { awaitPrimary, becomePrimary, campaign, checkReach, follow, handleElect, handlePromise } from './failover.ts'
import { handleReplicate, handleReplicated, heartbeat } from './replication.ts'
import { serve } from './serving.ts'
import {
  emit,
  mark,
  type PrimaryReplicaConfig,
  type PrimaryReplicaMessage,
  type PrimaryReplicaRecord,
  type PrimaryReplicaState,
  promiseEpoch,
  send,
  type Turn,
} from './state.ts'

export type PrimaryReplicaMachine = StateMachine<PrimaryReplicaState, PrimaryReplicaMessage, PrimaryReplicaRecord>

/**
 * One node takes the writes and sends them, in order, to the replicas. Each primary has its own epoch. A node that has
 * promised an epoch follows no earlier one, which fences off old primaries.
 */
export function createPrimaryReplica(config: PrimaryReplicaConfig): PrimaryReplicaMachine {
  const protocol: RoutedProtocol<Turn> = { emit, serve }
  return {
    start(node, journal) {
      const turn: Turn = { config, protocol, state: recover(config.object, node, journal), effects: [] }
      begin(turn)
      return turn
    },
    step(state, event) {
      const turn: Turn = { config, protocol, state, effects: [] }
      // If every node answers reads, it answers at once from its own copy.
      if (event.type === 'request' && config.reads === 'replica' && isRead(config, event))
        emit(turn, { type: 'reply', requestId: event.requestId, result: readOf(turn, event.input) })
      else dispatch(turn, event, handlers)
      return turn
    },
    status: statusOf,
  }
}

function recover(object: AnyObject, node: NodeSetting, journal: readonly PrimaryReplicaRecord[]): PrimaryReplicaState {
  const state: PrimaryReplicaState = {
    id: node.id,
    peers: node.peers,
    generator: createGenerator(node.seed),
    forwarding: createForwarding(node.seed),
    epoch: 0,
    log: createLog(),
    role: 'replica',
    leader: undefined,
    copy: createCopy(object),
    applied: 0,
    promises: [],
    replicas: new Map(),
    committed: 0,
    noopIndex: 0,
    roundStarted: 0,
    roundConfirmed: 0,
    reads: [],
    proposals: new Map(),
    ownWrites: new Map(),
    requests: new Map(),
  }
  for (const record of journal) {
    if (record.kind === 'entries') replaceFrom(state.log, record.from, record.entries)
    else state.epoch = record.epoch
  }
  rebuildCopy(object, state)
  return state
}

/**
 * Without failover the first node by name is always the primary. Each of its lives is a new epoch, so that logs agree.
 */
function begin(turn: Turn): void {
  const { state, config } = turn
  if (config.failover) {
    awaitPrimary(turn)
    return
  }
  const first = [state.id, ...state.peers].sort()[0]
  if (first !== state.id) return
  promiseEpoch(turn, state.epoch + 1)
  becomePrimary(turn)
}

const handlers: Handlers<Turn, PrimaryReplicaMessage> = { message: handleMessage, timer: handleTimer }

function handleMessage(turn: Turn, from: NodeId, message: Exclude<PrimaryReplicaMessage, RoutedMessage>): void {
  const { state, config } = turn
  // The mistake: epochs are ignored, so an old primary carries on, and its replicas with it.
  const fenced = config.bug !== 'no-fencing'
  switch (message.type) {
    case 'replicate':
      if (fenced && message.epoch < state.epoch) {
        send(turn, from, { type: 'replicated', epoch: state.epoch, round: 0 })
        return
      }
      if (!fenced && message.epoch !== state.epoch) mark(turn)
      if (!fenced && state.role === 'primary') return
      if (message.epoch > state.epoch) promiseEpoch(turn, message.epoch)
      follow(turn, from)
      handleReplicate(turn, from, message)
      return
    case 'replicated':
      if (!fenced && message.epoch !== state.epoch) mark(turn)
      if (message.epoch === state.epoch || !fenced) handleReplicated(turn, from, message)
      else if (message.epoch > state.epoch) learnEpoch(turn, message.epoch)
      return
    case 'elect':
      if (message.epoch > state.epoch && (fenced || state.role !== 'primary')) handleElect(turn, from, message)
      else send(turn, from, { type: 'promise', epoch: state.epoch, granted: false })
      return
    case 'promise':
      if (message.epoch > state.epoch) learnEpoch(turn, message.epoch)
      else handlePromise(turn, from, message)
      return
    default:
      message satisfies never
  }
}

/** Another node has begun a later epoch: whatever this node was, it is now a replica. */
function learnEpoch(turn: Turn, epoch: number): void {
  promiseEpoch(turn, epoch)
  follow(turn, undefined)
}

function handleTimer(turn: Turn, timer: string): void {
  switch (timer) {
    case 'silence':
      campaign(turn)
      return
    case 'reach':
      checkReach(turn)
      return
    case 'heartbeat':
      if (turn.state.role !== 'primary') return
      heartbeat(turn)
      emit(turn, { type: 'setTimer', timer: 'heartbeat', afterMs: turn.config.heartbeatMs })
      return
    default:
      throw new Error(`primary-replica set no timer called "${timer}"`)
  }
}

function statusOf(state: PrimaryReplicaState): NodeStatus {
  return { role: state.role, leads: state.role === 'primary', term: state.epoch, leader: state.leader }
}
