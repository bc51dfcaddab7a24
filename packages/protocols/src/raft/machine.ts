import type { NodeId } from '@chaosproxy/faults'
import type { NodeStatus, StateMachine, Transition } from '../machine.ts'
import { dispatch, type Handlers } from '../routing/dispatch.ts'
import type { RoutedMessage, RoutedProtocol } from '../routing/routing.ts'
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
import { recover } from './recovery.ts'
import { handleAppend, handleAppendReply } from './replication.ts'
import { heartbeat, NEVER } from './rounds.ts'
import { serve } from './serving.ts'
import { handleSnapshot } from './snapshot.ts'
import {
  type Append,
  emit,
  mark,
  type RaftConfig,
  type RaftEffect,
  type RaftMessage,
  type RaftRecord,
  type RaftState,
  saveVote,
  send,
  type Turn,
} from './state.ts'
import { transferTimer } from './transfer.ts'

export type RaftMachine = StateMachine<RaftState, RaftMessage, RaftRecord>

/** Raft. Reads the time only for leases; everything else depends on timers alone. */
export function createRaft(config: RaftConfig): RaftMachine {
  const protocol: RoutedProtocol<Turn> = { emit, serve }
  const gathered: RaftEffect[] = []
  const finish = (turn: Turn): Transition<RaftState, RaftMessage, RaftRecord> => {
    saveVote(turn)
    const effects = gathered.slice(0, turn.effects)
    return { state: turn.state, effects: config.bug === 'ack-before-fsync' ? persistsLast(effects) : effects }
  }
  return {
    start(node, journal) {
      const state = recover(config.object, node, journal)
      const turn: Turn = {
        config,
        protocol,
        state,
        steady: NEVER,
        gathered,
        effects: 0,
        voteChanged: false,
        lastAppend: undefined,
      }
      begin(turn)
      return finish(turn)
    },
    step(state, event, _now, steady) {
      const turn: Turn = {
        config,
        protocol,
        state,
        steady,
        gathered,
        effects: 0,
        voteChanged: false,
        lastAppend: undefined,
      }
      dispatch(turn, event, handlers)
      return finish(turn)
    },
    status: statusOf,
  }
}

function begin(turn: Turn): void {
  const { state, config } = turn
  setElectionTimer(turn, config.electionMinMs)
  if (config.reads !== 'lease') return
  // A leader may rely on an answer that this node gave before it restarted.
  state.loyal = true
  emit(turn, { type: 'setTimer', timer: 'silence', afterMs: config.electionMinMs })
}

const handlers: Handlers<Turn, RaftMessage> = { message: handleMessage, timer: handleTimer }

/** In each case the message has one shape: what is read before, of a message of any kind, is slow to read. */
function handleMessage(turn: Turn, from: NodeId, message: Exclude<RaftMessage, RoutedMessage>): void {
  const { state } = turn
  switch (message.type) {
    case 'pre-vote':
      // A pre-vote's term has not begun on any node, so it does not update this node's.
      handleVoteRequest(turn, from, message)
      return
    case 'vote':
      // "if a server receives a RequestVote request within the minimum election timeout of hearing from a current leader, it
      // does not update its term or grant its vote" (thesis §4.2.3).
      if (state.loyal && !message.transfer) return
      noteTerm(turn, message.term)
      handleVoteRequest(turn, from, message)
      return
    case 'vote-reply':
    case 'pre-vote-reply':
      noteTerm(turn, message.term)
      handleVoteReply(turn, from, message)
      return
    case 'append':
      noteTerm(turn, message.term)
      append(turn, from, message)
      return
    case 'snapshot':
      noteTerm(turn, message.term)
      if (message.term < state.term) {
        refuseOldLeader(turn, from, message.round)
        return
      }
      becomeFollower(turn, state.term, from)
      handleSnapshot(turn, from, message)
      return
    case 'timeout-now':
      noteTerm(turn, message.term)
      if (message.term === state.term && state.role === 'follower') timeoutNow(turn)
      return
    case 'append-reply':
      noteTerm(turn, message.term)
      // A reply to a message of an earlier term says nothing about this one.
      if (message.term === state.term) handleAppendReply(turn, from, message)
      return
    default:
      message satisfies never
  }
}

/** "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower" (§5.1). */
function noteTerm(turn: Turn, term: number): void {
  if (term > turn.state.term) becomeFollower(turn, term, undefined)
}

function append(turn: Turn, from: NodeId, message: Append): void {
  const { state, config } = turn
  // The mistake: follows any node that says it leads, however old its term.
  if (message.term < state.term) {
    if (config.bug !== 'stale-append') {
      refuseOldLeader(turn, from, message.round)
      return
    }
    mark(turn)
  }
  becomeFollower(turn, state.term, from)
  handleAppend(turn, from, message)
}

/** "If a server receives a request with a stale term number, it rejects the request" (§5.1). */
function refuseOldLeader(turn: Turn, to: NodeId, round: number): void {
  const refusal = { success: false, match: 0, prevIndex: 0, conflictTerm: 0, conflictIndex: 1 }
  send(turn, to, { type: 'append-reply', term: turn.state.term, round, ...refusal })
}

function handleTimer(turn: Turn, timer: string): void {
  switch (timer) {
    case 'silence':
      leaderSilent(turn)
      return
    case 'election':
      campaign(turn)
      return
    case 'quorum':
      checkQuorum(turn)
      return
    case 'transfer':
      transferTimer(turn)
      return
    case 'resize':
      resize(turn)
      return
    case 'heartbeat':
      if (turn.state.role !== 'leader') return
      heartbeat(turn)
      emit(turn, { type: 'setTimer', timer: 'heartbeat', afterMs: turn.config.heartbeatMs })
      return
    default:
      throw new Error(`Raft set no timer called "${timer}"`)
  }
}

function statusOf(state: RaftState): NodeStatus {
  return { role: state.role, leads: state.role === 'leader', term: state.term, leader: state.leader }
}

/** The mistake: effects that should wait for the disk are carried out first. */
function persistsLast(effects: readonly RaftEffect[]): readonly RaftEffect[] {
  const records = effects.filter((effect) => effect.type === 'persist')
  const others = effects.filter((effect) => effect.type !== 'persist')
  const differs = records.length > 0 && others.length > 0
  return differs ? [...others, ...records, { type: 'mark' }] : effects
}
