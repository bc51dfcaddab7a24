import type { NodeId } from '@chaosproxy/faults'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import { draw } from '../generator.ts'
import { valueIn } from '../objects/object.ts'
import { handleRequest, sweepRequests } from '../routing/requests.ts'
import { routedMessages } from '../routing/routed.ts'
import {
  becomeFollower,
  campaign,
  checkQuorum,
  handleVoteReply,
  handleVoteRequest,
  leaderSilent,
  setElectionTimer,
  timeoutNow,
} from './election.ts'
import { initial, redo } from './recovery.ts'
import { appendEntry, handleAppend, handleAppendReply } from './replication.ts'
import { heartbeat, roundFromNow } from './rounds.ts'
import { handleSnapshot } from './snapshot.ts'
import { type Append, type Raft, RaftTurn, type VoteReply } from './state.ts'
import { transferTimer } from './transfer.ts'

/** Raft. Reads the time only for leases. */
export const createRaft: MachineMaker<Raft> = defineMachine<Raft, RaftTurn>({
  turn: RaftTurn,
  initial,
  redo,
  begin(turn) {
    const { state, config } = turn
    setElectionTimer(turn, config.electionMinMs)
    if (config.reads !== 'lease') return
    // Before its restart, this node may have answered a leader, and the leader may still rely on that answer.
    state.loyal = true
    turn.setTimer('silence', config.electionMinMs)
  },
  request: handleRequest,
  messages: {
    // The two most frequent messages come first, because handlers are searched in this order.
    append,
    'append-reply'(turn, message, from) {
      noteTerm(turn, message.term)
      // A reply to a message of an earlier term says nothing about the current term.
      if (message.term === turn.state.term) handleAppendReply(turn, message, from)
    },
    ...routedMessages,
    // No node has begun the term of a pre-vote yet, so this node does not update its term.
    'pre-vote': handleVoteRequest,
    vote(turn, message, from) {
      // "if a server receives a RequestVote request within the minimum election timeout of hearing from a current leader,
      // it does not update its term or grant its vote" (thesis §4.2.3).
      if (turn.state.loyal && !message.transfer) return
      noteTerm(turn, message.term)
      handleVoteRequest(turn, message, from)
    },
    'vote-reply': noteVoteReply,
    'pre-vote-reply': noteVoteReply,
    snapshot(turn, message, from) {
      const { state } = turn
      noteTerm(turn, message.term)
      if (message.term < state.term) {
        refuseOldLeader(turn, from, message.round)
        return
      }
      becomeFollower(turn, state.term, from)
      handleSnapshot(turn, message, from)
    },
    'timeout-now'(turn, { term }) {
      const { state } = turn
      noteTerm(turn, term)
      if (term === state.term && state.role === 'follower') timeoutNow(turn)
    },
  },
  timers: {
    requests: sweepRequests,
    silence: leaderSilent,
    election: campaign,
    quorum: checkQuorum,
    transfer: transferTimer,
    resize,
    heartbeat(turn) {
      if (turn.state.role !== 'leader') return
      heartbeat(turn)
      turn.setTimer('heartbeat', turn.config.heartbeatMs)
    },
  },
  after(turn) {
    turn.saveVote()
    if (turn.config.bug === 'ack-before-fsync') turn.persistLast()
  },
  status: ({ role, term, applied, leader }) => ({ role, leads: role === 'leader', term, applied, leader }),
  holds: ({ copy }, read, { object }) => valueIn(object, copy.held, read),
})

/** "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower" (§5.1). */
function noteTerm(turn: RaftTurn, term: number): void {
  if (term > turn.state.term) becomeFollower(turn, term, undefined)
}

function noteVoteReply(turn: RaftTurn, message: VoteReply, from: NodeId): void {
  noteTerm(turn, message.term)
  handleVoteReply(turn, message, from)
}

function append(turn: RaftTurn, message: Append, from: NodeId): void {
  const { state } = turn
  noteTerm(turn, message.term)
  // The bug: the node follows any node that claims to lead, regardless of its term.
  if (message.term < state.term && !turn.suffers('stale-append')) {
    refuseOldLeader(turn, from, message.round)
    return
  }
  becomeFollower(turn, state.term, from)
  handleAppend(turn, message, from)
}

/** "If a server receives a request with a stale term number, it rejects the request" (§5.1). */
function refuseOldLeader(turn: RaftTurn, to: NodeId, round: number): void {
  const refusal = { success: false, match: 0, prevIndex: 0, conflictTerm: 0, conflictIndex: 1 }
  turn.send(to, { type: 'append-reply', term: turn.state.term, round, ...refusal })
}

// Changes the membership by one server at a time: thesis §4.1. A timer acts as the administrator. Nodes that do not
// vote still receive everything (thesis §4.2.1).

function resize(turn: RaftTurn): void {
  const { state, config } = turn
  if (state.role !== 'leader') return
  if (!state.voter && state.commitIndex >= state.configuration.index) {
    // "a leader that is removed from the configuration steps down once the Cnew entry is committed" (thesis §4.2.2).
    becomeFollower(turn, state.term, undefined)
    return
  }
  if (mayChange(turn)) changeMembers(turn)
  turn.setTimer('resize', config.resizeMs)
}

/**
 * Whether the membership may change: one change at a time (thesis §4.1), and none before an entry of the leader's own
 * term is committed. Otherwise two leaders may each begin a change from the same configuration (Ongaro, "bug in
 * single-server membership changes", raft-dev, 2015).
 */
function mayChange(turn: RaftTurn): boolean {
  const { state } = turn
  const may = state.commitIndex >= state.configuration.index && state.commitIndex >= state.noopIndex
  // The bug: changes overlap.
  return may || turn.suffers('overlapping-changes')
}

/** Adds a removed node again, or removes a voter other than the leader. */
function changeMembers(turn: RaftTurn): void {
  const { state } = turn
  const { members } = state.configuration
  const absent = state.peers.filter((peer) => !members.includes(peer))
  const others = members.filter((member) => member !== state.id)
  const adds = others.length < 2 || (absent.length > 0 && draw(state.generator) < 0.5)
  const candidates = adds ? absent : others
  const chosen = candidates[Math.floor(draw(state.generator) * candidates.length)]
  if (chosen === undefined) return
  const next = adds ? [...members, chosen] : members.filter((member) => member !== chosen)
  turn.log(`${adds ? 'adds' : 'removes'} ${chosen}: ${next.join(', ')} vote`)
  appendEntry(turn, { term: state.term, command: null, members: next })
  roundFromNow(turn)
}
