import type { NodeId } from '@chaosproxy/faults'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
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
import { resize } from './membership.ts'
import { initial, redo } from './recovery.ts'
import { handleAppend, handleAppendReply } from './replication.ts'
import { heartbeat } from './rounds.ts'
import { handleSnapshot } from './snapshot.ts'
import { type Append, type Raft, RaftTurn, type VoteReply } from './state.ts'
import { transferTimer } from './transfer.ts'

/** Raft. Reads the time only for leases; everything else depends on timers alone. */
export const createRaft: MachineMaker<Raft> = defineMachine<Raft, RaftTurn>({
  turn: RaftTurn,
  initial,
  redo,
  begin,
  request: handleRequest,
  messages: {
    // The first are found first, and these two are most of all messages.
    append,
    'append-reply'(turn, message, from) {
      noteTerm(turn, message.term)
      // A reply to a message of an earlier term says nothing about this one.
      if (message.term === turn.state.term) handleAppendReply(turn, message, from)
    },
    ...routedMessages,
    // A pre-vote's term has not begun on any node, so it does not update this node's.
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
  after,
  status: ({ role, term, applied, leader }) => ({ role, leads: role === 'leader', term, applied, leader }),
  holds: ({ copy }, read, { object }) => valueIn(object, copy.held, read),
})

function begin(turn: RaftTurn): void {
  const { state, config } = turn
  setElectionTimer(turn, config.electionMinMs)
  if (config.reads !== 'lease') return
  // A leader may rely on an answer that this node gave before it restarted.
  state.loyal = true
  turn.setTimer('silence', config.electionMinMs)
}

/** "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower" (§5.1). */
function noteTerm(turn: RaftTurn, term: number): void {
  if (term > turn.state.term) becomeFollower(turn, term, undefined)
}

function noteVoteReply(turn: RaftTurn, message: VoteReply, from: NodeId): void {
  noteTerm(turn, message.term)
  handleVoteReply(turn, message, from)
}

function append(turn: RaftTurn, message: Append, from: NodeId): void {
  const { state, config } = turn
  noteTerm(turn, message.term)
  // The bug: follows any node that claims to lead, however old its term.
  if (message.term < state.term) {
    if (config.bug !== 'stale-append') {
      refuseOldLeader(turn, from, message.round)
      return
    }
    turn.mark()
  }
  becomeFollower(turn, state.term, from)
  handleAppend(turn, message, from)
}

/** "If a server receives a request with a stale term number, it rejects the request" (§5.1). */
function refuseOldLeader(turn: RaftTurn, to: NodeId, round: number): void {
  const refusal = { success: false, match: 0, prevIndex: 0, conflictTerm: 0, conflictIndex: 1 }
  turn.send(to, { type: 'append-reply', term: turn.state.term, round, ...refusal })
}

function after(turn: RaftTurn): void {
  turn.saveVote()
  if (turn.config.bug === 'ack-before-fsync') turn.persistLast()
}
