import type { NodeId } from '@chaos/faults'
import { type Entry, entriesFrom, entryAt, firstOfTerm, lastIndex, lastOfTerm, replaceFrom, termAt } from '../log.ts'
import { applyCommand, unavailable } from '../object.ts'
import type { StoreCommand, StoreResult } from '../store.ts'
import { answer, answerReads } from './answers.ts'
import { applyOnce } from './sessions.ts'
import { emit, majorityOf, type Progress, type RaftMessage, type RaftState, send, type Turn } from './state.ts'

// Log replication: §5.3, §5.4.2; thesis §10.2.2 for batching and pipelining.

type Append = Extract<RaftMessage, { type: 'append' }>
type AppendReply = Extract<RaftMessage, { type: 'append-reply' }>

export const createProgress = (lastLogIndex: number): Progress => ({
  next: lastLogIndex + 1,
  match: 0,
  probing: false,
  inFlight: [],
  ackedRound: 0,
  // A new leader has a whole election timeout to hear from its followers.
  heard: true,
})

/** Of a leader: writes an entry to its own log, and gives its index. */
export function appendEntry(turn: Turn, entry: Entry): number {
  const { log } = turn.state
  const index = lastIndex(log) + 1
  log.entries.push(entry)
  emit(turn, { type: 'persist', record: { kind: 'entries', from: index, entries: [entry] } })
  advanceCommit(turn)
  return index
}

/** Entries for those who can take them, and a heartbeat for the others. */
export function broadcast(turn: Turn): void {
  for (const [peer, progress] of turn.state.progress)
    if (!sendEntries(turn, peer, progress)) sendAppend(turn, peer, progress, 0)
}

export function replicate(turn: Turn): void {
  for (const [peer, progress] of turn.state.progress) sendEntries(turn, peer, progress)
}

/** As many messages with entries as the pipeline takes. False where there was nothing to send, or no room. */
function sendEntries(turn: Turn, peer: NodeId, progress: Progress): boolean {
  let sent = false
  const last = lastIndex(turn.state.log)
  while (!progress.probing && progress.next <= last && progress.inFlight.length < turn.config.pipeline) {
    sendAppend(turn, peer, progress, turn.config.batch)
    progress.inFlight.push(progress.next - 1)
    sent = true
  }
  return sent
}

function sendAppend(turn: Turn, peer: NodeId, progress: Progress, limit: number): void {
  const { state } = turn
  const prevIndex = progress.next - 1
  const prevTerm = termAt(state.log, prevIndex)
  if (prevTerm === undefined) throw new Error(`${state.id} would send from entry ${progress.next}, which it has not`)
  const entries = limit === 0 ? [] : entriesFrom(state.log, progress.next, limit)
  progress.next += entries.length
  const { term, commitIndex: commit, roundStarted: round } = state
  send(turn, peer, { type: 'append', term, prevIndex, prevTerm, entries, commit, round })
}

/** AppendEntries, receiver implementation (Figure 2), from the leader of the current term. */
export function handleAppend(turn: Turn, from: NodeId, message: Append): void {
  const { state } = turn
  const { log } = state
  const { term } = state
  const { round, prevIndex } = message
  const here = termAt(log, prevIndex)
  if (!precedes(turn, here, message.prevTerm)) {
    // "the follower can include the term of the conflicting entry and the first index it stores for that term" (§5.3).
    const conflictTerm = here ?? 0
    const conflictIndex = here === undefined ? lastIndex(log) + 1 : firstOfTerm(log, prevIndex)
    const refusal = { success: false, match: 0, conflictTerm, conflictIndex }
    send(turn, from, { type: 'append-reply', term, round, prevIndex, ...refusal })
    return
  }
  storeEntries(turn, prevIndex, message.entries)
  const match = prevIndex + message.entries.length
  // "set commitIndex = min(leaderCommit, index of last new entry)" (Figure 2).
  state.commitIndex = Math.max(state.commitIndex, Math.min(message.commit, match))
  applyCommitted(turn)
  send(turn, from, {
    type: 'append-reply',
    term,
    round,
    prevIndex,
    success: true,
    match,
    conflictTerm: 0,
    conflictIndex: 0,
  })
}

/** Whether the entry before the new ones, whose term is `here`, is the one that the leader has there (§5.3). */
function precedes(turn: Turn, here: number | undefined, prevTerm: number): boolean {
  switch (turn.config.bug) {
    // The mistake: it is not looked at.
    case 'no-prev-check':
      return true
    // The mistake: it is enough that there is one.
    case 'prev-length-only':
      return here !== undefined
    default:
      return here === prevTerm
  }
}

/** "If an existing entry conflicts with a new one (same index but different terms), delete the existing entry and all that follow it" */
function storeEntries(turn: Turn, prevIndex: number, entries: readonly Entry[]): void {
  const { log } = turn.state
  for (const [offset, entry] of entries.entries()) {
    const index = prevIndex + 1 + offset
    const own = termAt(log, index)
    if (own === entry.term) continue
    // The mistake: what is there stays, and is confirmed as if it were what the leader has.
    if (own !== undefined && turn.config.bug === 'no-truncate') continue
    const fresh = entries.slice(offset)
    replaceFrom(log, index, fresh)
    emit(turn, { type: 'persist', record: { kind: 'entries', from: index, entries: fresh } })
    return
  }
}

/** The message's term is the current one. */
export function handleAppendReply(turn: Turn, from: NodeId, message: AppendReply): void {
  const { state } = turn
  const progress = state.progress.get(from)
  if (state.role !== 'leader' || progress === undefined) return
  progress.heard = true
  if (message.round > progress.ackedRound) {
    progress.ackedRound = message.round
    confirmRound(turn)
  }
  if (message.success) {
    while (progress.inFlight[0] !== undefined && progress.inFlight[0] <= message.match) progress.inFlight.shift()
    progress.probing = false
    if (message.match > progress.match) {
      progress.match = message.match
      progress.next = Math.max(progress.next, message.match + 1)
      advanceCommit(turn)
    }
    sendEntries(turn, from, progress)
  } else refused(turn, from, progress, message)
}

function refused(turn: Turn, peer: NodeId, progress: Progress, message: AppendReply): void {
  // What was refused is known to match by now, or another place is being tried: an old answer.
  if (message.prevIndex <= progress.match) return
  if (progress.probing && message.prevIndex !== progress.next - 1) return
  const { log } = turn.state
  const mine = message.conflictTerm > 0 ? lastOfTerm(log, message.conflictTerm, message.prevIndex) : undefined
  const next = Math.min(mine === undefined ? message.conflictIndex : mine + 1, message.prevIndex)
  progress.next = Math.max(next, progress.match + 1)
  progress.probing = true
  progress.inFlight.length = 0
  sendAppend(turn, peer, progress, 0)
}

/**
 * "If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and log[N].term == currentTerm: set
 * commitIndex = N" (Figure 2).
 */
export function advanceCommit(turn: Turn): void {
  const { state } = turn
  // The mistake: the leader's own copy is counted as if it were a majority.
  const majority = turn.config.bug === 'ack-before-majority' ? 1 : majorityOf(turn)
  const index = heldBy(state, majority)
  if (index <= state.commitIndex) return
  // "Raft never commits log entries from previous terms by counting replicas" (§5.4.2). The mistake: it does.
  if (termAt(state.log, index) !== state.term && turn.config.bug !== 'commit-old-term') return
  state.commitIndex = index
  applyCommitted(turn)
}

/** The last index that so many nodes hold, the leader among them. */
function heldBy(state: RaftState, nodes: number): number {
  const own = lastIndex(state.log)
  let best = nodes <= 1 ? own : 0
  for (const candidate of state.progress.values()) {
    if (candidate.match <= best) continue
    let holders = own >= candidate.match ? 1 : 0
    for (const progress of state.progress.values()) if (progress.match >= candidate.match) holders++
    if (holders >= nodes) best = candidate.match
  }
  return best
}

function applyCommitted(turn: Turn): void {
  const { state } = turn
  while (state.applied < state.commitIndex) {
    const index = state.applied + 1
    const entry = entryAt(state.log, index)
    if (entry === undefined) break
    state.applied = index
    const result = entry.command === null ? undefined : applyEntry(turn, entry.command)
    const proposal = state.proposals.get(index)
    if (proposal === undefined) continue
    state.proposals.delete(index)
    // Another entry took the place of the one proposed, and is committed: that one will never be. The mistake: whatever
    // is committed in its place answers it.
    const own = proposal.term === entry.term || turn.config.bug === 'reply-by-index'
    answer(turn, proposal.origin, own && result !== undefined ? result : unavailable)
  }
  if (state.role === 'leader') answerReads(turn)
}

function applyEntry(turn: Turn, command: StoreCommand): StoreResult {
  const { object, role } = turn.state
  switch (turn.config.bug) {
    // The mistake: a request that comes again is carried out again.
    case 'double-apply':
      return applyCommand(object.values, command)
    // The mistake: only the leader keeps sessions, and whoever comes after it has none.
    case 'dedup-leader-only':
      return role === 'leader' ? applyOnce(object, command) : applyCommand(object.values, command)
    default:
      return applyOnce(object, command)
  }
}

/** Begins a round of heartbeats, unless one is on its way; gives the number of the first that begins after this call. */
export function roundFromNow(turn: Turn): number {
  const { state } = turn
  if (state.roundConfirmed < state.roundStarted) return state.roundStarted + 1
  state.roundStarted++
  broadcast(turn)
  confirmRound(turn)
  return state.roundStarted
}

function confirmRound(turn: Turn): void {
  const { state } = turn
  if (state.roundConfirmed === state.roundStarted) return
  let acknowledged = 1
  for (const progress of state.progress.values()) if (progress.ackedRound >= state.roundStarted) acknowledged++
  if (acknowledged < majorityOf(turn)) return
  state.roundConfirmed = state.roundStarted
  answerReads(turn)
  const lastRead = state.reads.at(-1)
  if (lastRead !== undefined && lastRead.round > state.roundStarted) roundFromNow(turn)
}
