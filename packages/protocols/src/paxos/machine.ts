import type { NodeId } from '@chaosproxy/faults'
import type { Command } from '../command.ts'
import { createGenerator } from '../generator.ts'
import type { NodeSetting, NodeStatus, StateMachine } from '../machine.ts'
import type { AnyObject } from '../objects/object.ts'
import { unavailable } from '../objects/object.ts'
import { answer, answerReads, readOf } from '../routing/answers.ts'
import { dispatch, type Handlers } from '../routing/dispatch.ts'
import { createForwarding } from '../routing/forwarding.ts'
import { isRead, type Origin, REQUEST_LIMIT, type RoutedMessage, type RoutedProtocol } from '../routing/routing.ts'
import { applyOnce, createCopy } from '../routing/sessions.ts'
import { handleAccept, promise } from './acceptor.ts'
import {
  awaitLeader,
  campaign,
  checkReach,
  follow,
  handleAccepted,
  handleAlive,
  handlePromise,
  heartbeat,
  propose,
  roundFromNow,
} from './leader.ts'
import { handleChosen, handleLearn, learnUpTo } from './learner.ts'
import {
  emit,
  mark,
  nodeOfBallot,
  type PaxosConfig,
  type PaxosMessage,
  type PaxosRecord,
  type PaxosState,
  send,
  type Turn,
} from './state.ts'

export type PaxosMachine = StateMachine<PaxosState, PaxosMessage, PaxosRecord>

/**
 * Multi-Paxos: an instance of Paxos for each slot of a log of commands. Every node is proposer, acceptor and learner. One
 * phase 1 covers all slots, so that a leader needs phase 2 only (§3).
 */
export function createPaxos(config: PaxosConfig): PaxosMachine {
  const protocol: RoutedProtocol<Turn> = { emit, serve }
  return {
    start(node, journal) {
      const turn: Turn = { config, protocol, state: recover(config.object, node, journal), effects: [] }
      awaitLeader(turn)
      return turn
    },
    step(state, event) {
      const turn: Turn = { config, protocol, state, effects: [] }
      dispatch(turn, event, handlers)
      return turn
    },
    status: statusOf,
  }
}

function recover(object: AnyObject, node: NodeSetting, journal: readonly PaxosRecord[]): PaxosState {
  const state: PaxosState = {
    id: node.id,
    nodes: [node.id, ...node.peers].sort(),
    generator: createGenerator(node.seed),
    forwarding: createForwarding(node.seed),
    requests: new Map(),
    role: 'follower',
    leader: undefined,
    promised: 0,
    accepted: new Map(),
    applied: 0,
    copy: createCopy(object),
    ballot: 0,
    promises: new Map(),
    next: 1,
    votes: new Map(),
    proposedBefore: 1,
    inherited: 0,
    origins: new Map(),
    reads: [],
    roundStarted: 0,
    roundConfirmed: 0,
    rounds: new Map(),
    heard: [],
  }
  let chosen = 0
  for (const record of journal) {
    if (record.kind === 'promise') state.promised = Math.max(state.promised, record.ballot)
    else {
      for (const [slot, proposal] of record.proposals) {
        state.accepted.set(slot, proposal)
        state.promised = Math.max(state.promised, proposal.ballot)
      }
      chosen = Math.max(chosen, record.chosen)
    }
  }
  while (state.applied < chosen) {
    state.applied++
    const command = state.accepted.get(state.applied)?.command ?? null
    if (command !== null) applyOnce(object, state.copy, command)
  }
  return state
}

/** Serves a request that its origin sent to this node as the leader. */
function serve(turn: Turn, origin: Origin, command: Command): void {
  const { state, config } = turn
  const crowded = state.origins.size >= REQUEST_LIMIT || state.reads.length >= REQUEST_LIMIT
  if (state.role !== 'leader' || crowded) answer(turn, origin, unavailable)
  else if (isRead(config, command) && config.reads === 'round') read(turn, origin, command)
  else {
    // Set first: the slot of a sole node is chosen at once.
    state.origins.set(state.next, origin)
    propose(turn, command)
  }
}

/**
 * Everything chosen before the read began is among the slots applied here and those that phase 1 brought to light, if
 * this node still leads.
 */
function read(turn: Turn, origin: Origin, { input }: Command): void {
  const { state, config } = turn
  // The mistake: the leader answers without confirming that it still leads.
  if (config.bug === 'stale-read') {
    mark(turn)
    answer(turn, origin, readOf(turn, input))
    return
  }
  const index = Math.max(state.applied, state.inherited)
  state.reads.push({ origin, input, index, round: roundFromNow(turn) })
  answerReads(turn)
}

const handlers: Handlers<Turn, PaxosMessage> = { message: handleMessage, timer: handleTimer }

function handleMessage(turn: Turn, from: NodeId, message: Exclude<PaxosMessage, RoutedMessage>): void {
  const { state } = turn
  switch (message.type) {
    case 'prepare':
      if (message.ballot <= state.promised) {
        send(turn, from, { type: 'preempted', ballot: state.promised })
        return
      }
      follow(turn, undefined)
      send(turn, from, {
        type: 'promise',
        ballot: message.ballot,
        accepted: promise(turn, message.ballot, message.from),
      })
      return
    case 'promise':
      handlePromise(turn, from, message)
      return
    case 'accept':
      if (!isOfLeader(turn, from, message.ballot)) return
      handleAccept(turn, from, message)
      learnUpTo(turn, from, message.ballot, message.chosen)
      return
    case 'accepted':
      handleAccepted(turn, from, message)
      return
    case 'preempted':
      // The ballot is not promised here: that takes a prepare request.
      if (message.ballot <= state.ballot) return
      state.ballot = message.ballot
      if (state.role !== 'follower') follow(turn, undefined)
      return
    case 'heartbeat':
      if (!isOfLeader(turn, from, message.ballot)) return
      send(turn, from, { type: 'alive', ballot: message.ballot, round: message.round })
      learnUpTo(turn, from, message.ballot, message.chosen)
      return
    case 'alive':
      handleAlive(turn, from, message)
      return
    case 'learn':
      handleLearn(turn, from, message.from)
      return
    case 'chosen':
      handleChosen(turn, message)
      return
    default:
      message satisfies never
  }
}

/** Follows the sender if this node has promised no higher ballot; refuses the message otherwise. */
function isOfLeader(turn: Turn, from: NodeId, ballot: number): boolean {
  const { state, config } = turn
  if (ballot < state.promised) {
    if (config.bug !== 'ignore-promise') {
      send(turn, from, { type: 'preempted', ballot: state.promised })
      return false
    }
    // The mistake: whatever was promised, the proposal is accepted.
    mark(turn)
  }
  state.promised = ballot
  if (state.role === 'leader' && ballot === state.ballot) return false
  if (nodeOfBallot(state, ballot) !== from) throw new Error(`${from} uses ballot ${ballot}, which is not its own`)
  follow(turn, from)
  return true
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
      if (turn.state.role === 'leader') heartbeat(turn)
      return
    default:
      throw new Error(`paxos set no timer called "${timer}"`)
  }
}

const statusOf = ({ role, promised, ballot, leader }: PaxosState): NodeStatus => ({
  role,
  leads: role === 'leader',
  term: role === 'leader' ? ballot : promised,
  leader,
})
