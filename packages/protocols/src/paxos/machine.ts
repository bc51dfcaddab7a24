import type { NodeId } from '@chaosproxy/faults'
import type { Command } from '../command.ts'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import { isRead, unavailable } from '../objects/object.ts'
import { answer, readOf } from '../routing/answers.ts'
import { handleRequest, sweepRequests } from '../routing/requests.ts'
import { routedMessages } from '../routing/routed.ts'
import { type Origin, REQUEST_LIMIT } from '../routing/routing.ts'
import { applyOnce } from '../routing/sessions.ts'
import { awaitLeader, memberAtFirst } from '../routing/succession.ts'
import type { MessageOf } from '../turn.ts'
import { handleAccept, promise } from './acceptor.ts'
import { campaign, checkReach, follow, heartbeat, leaderMessages, propose, rounds } from './leader.ts'
import { learnerMessages, learnUpTo } from './learner.ts'
import { nodeOfBallot, type Paxos, type PaxosMessage, type PaxosTurn } from './state.ts'

/**
 * Multi-Paxos: an instance of Paxos for each slot of a log of commands. Every node is proposer, acceptor and learner. A
 * single phase 1 covers all slots, so a leader then needs only phase 2 (§3).
 */
export const createPaxos: MachineMaker<Paxos> = defineMachine<Paxos>({
  initial: (node, config) => ({
    ...memberAtFirst(node, config),
    role: 'follower',
    promised: 0,
    accepted: new Map(),
    ballot: 0,
    promises: new Map(),
    next: 1,
    votes: new Map(),
    proposedBefore: 1,
    inherited: 0,
    rounds: new Map(),
    heard: [],
  }),
  redo({ state }, record) {
    if (record.kind === 'promise') {
      state.promised = Math.max(state.promised, record.ballot)
      return
    }
    for (const [slot, proposal] of record.proposals) {
      state.accepted.set(slot, proposal)
      state.promised = Math.max(state.promised, proposal.ballot)
    }
  },
  /** Applies the slots that are known to be chosen. */
  begin(turn, journal) {
    const { state, config } = turn
    let chosen = 0
    for (const record of journal) if (record.kind === 'accepted') chosen = Math.max(chosen, record.chosen)
    while (state.applied < chosen) {
      state.applied++
      const command = state.accepted.get(state.applied)?.command ?? null
      if (command !== null) applyOnce(config.object, state.copy, command)
    }
    awaitLeader(turn)
  },
  request: handleRequest,
  messages: {
    ...routedMessages,
    prepare,
    ...leaderMessages,
    accept(turn, message, from) {
      if (!isOfLeader(turn, from, message.ballot)) return
      handleAccept(turn, message, from)
      learnUpTo(turn, from, message.ballot, message.chosen)
    },
    preempted,
    heartbeat(turn, { ballot, round, chosen }, from) {
      if (!isOfLeader(turn, from, ballot)) return
      turn.send(from, { type: 'alive', ballot, round })
      learnUpTo(turn, from, ballot, chosen)
    },
    ...learnerMessages,
  },
  timers: {
    requests: sweepRequests,
    silence: campaign,
    reach: checkReach,
    heartbeat(turn) {
      if (turn.state.role === 'leader') heartbeat(turn)
    },
  },
  status: ({ role, promised, ballot, applied, leader }) => ({
    role,
    leads: role === 'leader',
    term: role === 'leader' ? ballot : promised,
    applied,
    leader,
  }),
})

export function serve(turn: PaxosTurn, origin: Origin, command: Command): void {
  const { state, config } = turn
  const crowded = state.origins.size >= REQUEST_LIMIT || state.reads.length >= REQUEST_LIMIT
  if (state.role !== 'leader' || crowded) answer(turn, origin, unavailable)
  else if (isRead(config, command) && config.reads === 'round') read(turn, origin, command)
  else {
    // The origin is stored before the proposal, because in a cluster of one node the slot is chosen immediately.
    state.origins.set(state.next, origin)
    propose(turn, command)
  }
}

/**
 * Serves a read. If this node still leads when the read arrives, it knows every slot that was chosen before. It has
 * either applied the slot or found it in phase 1.
 */
function read(turn: PaxosTurn, origin: Origin, { input }: Command): void {
  const { state } = turn
  // The bug: the leader answers without confirming that it still leads.
  if (turn.suffers('stale-read')) {
    answer(turn, origin, readOf(turn, input))
    return
  }
  rounds.read(turn, origin, input, Math.max(state.applied, state.inherited))
}

function prepare(turn: PaxosTurn, { ballot, from: first }: MessageOf<PaxosMessage, 'prepare'>, from: NodeId): void {
  const { state } = turn
  if (ballot <= state.promised) {
    turn.send(from, { type: 'preempted', ballot: state.promised })
    return
  }
  follow(turn, undefined)
  turn.send(from, { type: 'promise', ballot, accepted: promise(turn, ballot, first) })
}

/** Follows a higher ballot, but promises nothing. Only a prepare request asks for a promise. */
function preempted(turn: PaxosTurn, { ballot }: MessageOf<PaxosMessage, 'preempted'>): void {
  const { state } = turn
  if (ballot <= state.ballot) return
  state.ballot = ballot
  if (state.role !== 'follower') follow(turn, undefined)
}

/** Follows the sender, unless this node has promised a higher ballot. */
function isOfLeader(turn: PaxosTurn, from: NodeId, ballot: number): boolean {
  const { state } = turn
  // The bug: the proposal is accepted regardless of this node's promise.
  if (ballot < state.promised && !turn.suffers('ignore-promise')) {
    turn.send(from, { type: 'preempted', ballot: state.promised })
    return false
  }
  state.promised = ballot
  if (state.role === 'leader' && ballot === state.ballot) return false
  if (nodeOfBallot(state, ballot) !== from) throw new Error(`${from} uses ballot ${ballot}, which is not its own`)
  follow(turn, from)
  return true
}
