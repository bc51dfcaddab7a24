import type { NodeId } from '@chaos/faults'
import { createGenerator } from '../generator.ts'
import { createLog, replaceFrom } from '../log.ts'
import type { MachineEvent, NodeSetting, NodeStatus, StateMachine } from '../machine.ts'
import type { StoreCommand, StoreResult } from '../store.ts'
import { handleAnswer } from './answers.ts'
import {
  becomeFollower,
  campaign,
  checkQuorum,
  handleVoteReply,
  handleVoteRequest,
  leaderSilent,
  setElectionTimer,
} from './election.ts'
import { broadcast, handleAppend, handleAppendReply } from './replication.ts'
import { handleRequest, serve, sweepRequests } from './requests.ts'
import { createSessionedObject } from './sessions.ts'
import {
  emit,
  type RaftConfig,
  type RaftEffect,
  type RaftMessage,
  type RaftRecord,
  type RaftState,
  saveVote,
  send,
  type Turn,
} from './state.ts'

export type RaftMachine = StateMachine<RaftState, RaftMessage, StoreCommand, StoreResult, RaftRecord>

/** Raft over the key-value object. It never asks what time it is: its safety and its liveness rest on timers alone. */
export function createRaft(config: RaftConfig): RaftMachine {
  const finish = (turn: Turn): { state: RaftState; effects: RaftEffect[] } => {
    saveVote(turn)
    return { state: turn.state, effects: config.bug === 'ack-before-fsync' ? persistLast(turn.effects) : turn.effects }
  }
  return {
    start(node, journal) {
      const turn: Turn = { config, state: recover(node, journal), effects: [], voteChanged: false }
      setElectionTimer(turn, config.electionMinMs)
      return finish(turn)
    },
    step(state, event) {
      const turn: Turn = { config, state, effects: [], voteChanged: false }
      handle(turn, event)
      return finish(turn)
    },
    status: statusOf,
  }
}

function recover(node: NodeSetting, journal: readonly RaftRecord[]): RaftState {
  const state: RaftState = {
    id: node.id,
    peers: node.peers,
    generator: createGenerator(node.seed),
    term: 0,
    votedFor: null,
    log: createLog(),
    role: 'follower',
    leader: undefined,
    commitIndex: 0,
    applied: 0,
    object: createSessionedObject(),
    votes: [],
    progress: new Map(),
    noopIndex: 0,
    roundStarted: 0,
    roundConfirmed: 0,
    reads: [],
    proposals: new Map(),
    requests: new Map(),
  }
  for (const record of journal) {
    if (record.kind === 'entries') replaceFrom(state.log, record.from, record.entries)
    else {
      state.term = record.term
      state.votedFor = record.votedFor
    }
  }
  return state
}

function handle(turn: Turn, event: MachineEvent<RaftMessage, StoreCommand>): void {
  switch (event.type) {
    case 'message':
      handleMessage(turn, event.from, event.message)
      return
    case 'request':
      handleRequest(turn, event.requestId, event.command)
      return
    case 'timer':
      handleTimer(turn, event.timer)
      return
    default:
      event satisfies never
  }
}

function handleMessage(turn: Turn, from: NodeId, message: RaftMessage): void {
  const { state } = turn
  // "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower" (§5.1). The term
  // of a pre-vote is one that nobody is in yet.
  if ('term' in message && message.type !== 'pre-vote' && message.term > state.term)
    becomeFollower(turn, message.term, undefined)
  switch (message.type) {
    case 'forward':
      serve(turn, message.origin, message.command)
      return
    case 'answer':
      handleAnswer(turn, message.origin, message.result)
      return
    case 'pre-vote':
    case 'vote':
      handleVoteRequest(turn, from, message)
      return
    case 'vote-reply':
    case 'pre-vote-reply':
      handleVoteReply(turn, from, message)
      return
    case 'append':
      // The mistake: whoever says that it leads is followed, however long ago it did.
      if (message.term < state.term && turn.config.bug !== 'stale-append') {
        refuseOldLeader(turn, from, message.round)
        return
      }
      becomeFollower(turn, state.term, from)
      handleAppend(turn, from, message)
      return
    case 'append-reply':
      // An answer to what this node sent in an earlier term says nothing about this one.
      if (message.term === state.term) handleAppendReply(turn, from, message)
      return
    default:
      message satisfies never
  }
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
    case 'requests':
      sweepRequests(turn)
      return
    case 'heartbeat':
      if (turn.state.role !== 'leader') return
      broadcast(turn)
      emit(turn, { type: 'setTimer', timer: 'heartbeat', afterMs: turn.config.heartbeatMs })
      return
    default:
      throw new Error(`Raft set no timer called "${timer}"`)
  }
}

function statusOf(state: RaftState): NodeStatus {
  return { role: state.role, leads: state.role === 'leader', term: state.term, leader: state.leader }
}

/** The mistake: what should wait for the disk goes out first. */
function persistLast(effects: readonly RaftEffect[]): RaftEffect[] {
  return [
    ...effects.filter((effect) => effect.type !== 'persist'),
    ...effects.filter((effect) => effect.type === 'persist'),
  ]
}
