import type { NodeId } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { draw } from '../generator.ts'
import { isUpToDate, lastIndex, lastTerm } from '../log.ts'
import { failReads } from '../routing/answers.ts'
import { offerRequests } from '../routing/requests.ts'
import { resetRounds } from '../routing/routing.ts'
import type { MessageOf } from '../turn.ts'
import { appendEntry } from './replication.ts'
import { NEVER, roundFromNow } from './rounds.ts'
import { createProgress } from './sending.ts'
import { majorityOf, type RaftMessage, type RaftTurn, trueMajorityOf, type VoteReply } from './state.ts'
import { storeEntriesAsLeader } from './storing.ts'

// Leader election: §5.2, §5.4.1; thesis §9.6 for pre-vote, §6.2 for a leader that loses its majority.

/** Follows `leader` (undefined if unknown) in `term`, which is at least the current one. */
export function becomeFollower(turn: RaftTurn, term: number, leader: NodeId | undefined): void {
  const { state } = turn
  if (term > state.term) {
    state.term = term
    state.votedFor = null
    turn.voteChanged = true
  }
  if (state.role === 'leader') {
    storeEntriesAsLeader(turn)
    turn.cancelTimer('heartbeat')
    turn.cancelTimer('quorum')
    if (turn.config.transferMs > 0) turn.cancelTimer('transfer')
    if (turn.config.resizeMs > 0) turn.cancelTimer('resize')
    state.transferTo = undefined
    state.loyal = false
    failReads(turn)
  }
  if (state.role !== 'follower') turn.log(`follows in term ${term}`)
  state.role = 'follower'
  if (leader !== undefined) state.loyal = true
  const news = leader !== undefined && leader !== state.leader
  awaitLeader(turn)
  state.leader = leader
  if (news) {
    turn.log(`${leader} leads in term ${term}`)
    offerRequests(turn)
  }
}

/**
 * Waits for the shortest election timeout, during which the leader counts as alive, and for a random additional time.
 */
function awaitLeader(turn: RaftTurn): void {
  turn.setTimer('silence', turn.config.electionMinMs)
  // The election timer runs only while no leader is known.
  if (turn.state.leader === undefined) turn.cancelTimer('election')
}

export function leaderSilent(turn: RaftTurn): void {
  if (turn.state.role === 'leader') return
  turn.state.leader = undefined
  turn.state.loyal = false
  setElectionTimer(turn, 0)
}

/** "Raft uses randomized election timeouts to ensure that split votes are rare" (§5.2). */
export function setElectionTimer(turn: RaftTurn, atLeastMs: number): void {
  const { electionMinMs, electionMaxMs } = turn.config
  const randomMs = draw(turn.state.generator) * (electionMaxMs - electionMinMs)
  turn.setTimer('election', millis(atLeastMs + randomMs))
}

export function campaign(turn: RaftTurn): void {
  const { state } = turn
  if (state.role === 'leader') return
  state.leader = undefined
  state.loyal = false
  setElectionTimer(turn, turn.config.electionMinMs)
  if (turn.config.preVote) askForVotes(turn, 'pre-vote', false)
  else startElection(turn, false)
}

/** "causes the target server to start a new election" (thesis §3.10). */
export function timeoutNow(turn: RaftTurn): void {
  turn.state.leader = undefined
  setElectionTimer(turn, turn.config.electionMinMs)
  startElection(turn, true)
}

function startElection(turn: RaftTurn, transfer: boolean): void {
  const { state } = turn
  state.term++
  state.votedFor = state.id
  turn.voteChanged = true
  askForVotes(turn, 'vote', transfer)
}

function askForVotes(turn: RaftTurn, type: 'pre-vote' | 'vote', transfer: boolean): void {
  const { state } = turn
  state.role = type === 'vote' ? 'candidate' : 'pre-candidate'
  // A candidate votes for itself (§5.2), so a cluster of one elects itself without a message.
  state.votes = [state.id]
  const term = type === 'vote' ? state.term : state.term + 1
  turn.log(`asks for ${type}s for term ${term}`)
  for (const peer of state.peers)
    turn.send(peer, { type, term, transfer, lastIndex: lastIndex(state.log), lastTerm: lastTerm(state.log) })
  countVotes(turn)
}

function countVotes(turn: RaftTurn): void {
  const { state } = turn
  const { members } = state.configuration
  const votes = state.votes.reduce((count, voter) => (members.includes(voter) ? count + 1 : count), 0)
  if (votes < majorityOf(turn)) return
  if (votes < trueMajorityOf(turn)) turn.mark()
  if (state.role === 'pre-candidate') startElection(turn, false)
  else if (state.role === 'candidate') becomeLeader(turn)
}

/** "A candidate wins an election if it receives votes from a majority of the servers in the full cluster" (§5.2). */
function becomeLeader(turn: RaftTurn): void {
  const { state } = turn
  state.role = 'leader'
  state.stored = lastIndex(state.log)
  state.leader = state.id
  state.loyal = true
  resetRounds(state)
  state.leaseUntil = NEVER
  state.leaseForfeited = false
  const { members } = state.configuration
  const last = lastIndex(state.log)
  state.progress = new Map(state.peers.map((peer) => [peer, createProgress(last, members.includes(peer))]))
  turn.cancelTimer('election')
  turn.cancelTimer('silence')
  turn.log(`leads in term ${state.term}`)
  // "each leader commit[s] a blank no-op entry into the log at the start of its term" (§8). A leader with the bug
  // `commit-old-term` does not need a no-op.
  const opens = turn.config.bug !== 'commit-old-term'
  state.noopIndex = opens ? appendEntry(turn, { term: state.term, command: null }) : lastIndex(state.log)
  roundFromNow(turn)
  turn.setTimer('heartbeat', turn.config.heartbeatMs)
  turn.setTimer('quorum', turn.config.electionMaxMs)
  const { transferMs, resizeMs } = turn.config
  if (transferMs > 0) turn.setTimer('transfer', transferMs)
  if (resizeMs > 0) turn.setTimer('resize', resizeMs)
  offerRequests(turn)
}

export function handleVoteRequest(
  turn: RaftTurn,
  message: MessageOf<RaftMessage, 'pre-vote' | 'vote'>,
  from: NodeId,
): void {
  const { state } = turn
  if (message.type === 'pre-vote') {
    // A node grants a pre-vote only if it would vote for the candidate, and has not recently heard from a leader
    // (thesis §9.6).
    const granted = message.term > state.term && !state.loyal && upToDate(turn, message)
    turn.send(from, { type: 'pre-vote-reply', term: state.term, asked: message.term, granted })
    return
  }
  // The bug: a candidate gets a vote even if this node has voted for another.
  const free = state.votedFor === null || state.votedFor === from
  const again = !free && turn.config.bug === 'vote-twice'
  const granted = message.term === state.term && (free || again) && upToDate(turn, message)
  if (granted && again) turn.mark()
  if (granted && state.votedFor !== from) {
    state.votedFor = from
    turn.voteChanged = true
  }
  // Granting a vote restarts the timeout (§5.2, Rules for Servers in Figure 2).
  if (granted) awaitLeader(turn)
  turn.send(from, { type: 'vote-reply', term: state.term, asked: message.term, granted })
}

/** The voter "denies its vote if its own log is more up-to-date than that of the candidate" (§5.4.1). */
function upToDate(turn: RaftTurn, candidate: { readonly lastIndex: number; readonly lastTerm: number }): boolean {
  const { log } = turn.state
  const upToDate = isUpToDate(log, candidate.lastTerm, candidate.lastIndex)
  const taken = takenForUpToDate(turn, candidate.lastIndex, upToDate)
  if (taken !== upToDate) turn.mark()
  return taken
}

function takenForUpToDate({ state, config }: RaftTurn, last: number, upToDate: boolean): boolean {
  switch (config.bug) {
    // The bug: every candidate gets the vote, even if its log lacks entries.
    case 'no-log-check':
      return true
    // The bug: the longer log counts as more up-to-date, regardless of its last term.
    case 'up-to-date-length-only':
      return last >= lastIndex(state.log)
    default:
      return upToDate
  }
}

export function handleVoteReply(turn: RaftTurn, message: VoteReply, from: NodeId): void {
  const { state } = turn
  const expected = message.type === 'vote-reply' ? 'candidate' : 'pre-candidate'
  const requestedTerm = message.type === 'vote-reply' ? state.term : state.term + 1
  if (state.role !== expected || message.asked !== requestedTerm || !message.granted) return
  if (state.votes.includes(from)) return
  state.votes.push(from)
  countVotes(turn)
}

/** "a leader in Raft steps down if an election timeout elapses without a successful round of heartbeats" (thesis §6.2). */
export function checkQuorum(turn: RaftTurn): void {
  const { state } = turn
  if (state.role !== 'leader') return
  let answering = state.voter ? 1 : 0
  for (const progress of state.progress.values()) {
    if (progress.heard && progress.voter) answering++
    progress.heard = false
  }
  if (answering >= majorityOf(turn)) {
    turn.setTimer('quorum', turn.config.electionMaxMs)
    return
  }
  turn.log(`steps down: ${answering} of ${state.configuration.members.length} members answer`)
  becomeFollower(turn, state.term, undefined)
}
