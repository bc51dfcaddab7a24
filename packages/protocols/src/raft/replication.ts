import type { NodeId } from '@chaosproxy/faults'
import { countPresent, type Entry, firstOfTerm, lastIndex, lastOfTerm, replaceFrom, termAt } from '../log.ts'
import type { MessageOf } from '../turn.ts'
import { advanceCommit, applyCommitted } from './commit.ts'
import { noteConfigurations } from './configuration.ts'
import { confirmRound } from './rounds.ts'
import { sendAppend, sendEntries } from './sending.ts'
import type { Append, Progress, RaftMessage, RaftTurn } from './state.ts'
import { handOver } from './transfer.ts'

// Log replication: §5.3.

type AppendReply = MessageOf<RaftMessage, 'append-reply'>

export function appendEntry(turn: RaftTurn, entry: Entry): number {
  const { log } = turn.state
  const index = lastIndex(log) + 1
  log.entries.push(entry)
  if (entry.members !== undefined) noteConfigurations(turn.state, index, [entry])
  advanceCommit(turn)
  return index
}

/** AppendEntries, receiver implementation (Figure 2). */
export function handleAppend(turn: RaftTurn, message: Append, from: NodeId): void {
  const { state } = turn
  const { log } = state
  const { term } = state
  const { round, prevIndex } = message
  // A compacted entry was committed, so the leader has the same entry.
  const here = prevIndex < log.compacted ? message.prevTerm : termAt(log, prevIndex)
  if (!precedes(turn, here, message.prevTerm)) {
    // "the follower can include the term of the conflicting entry and the first index it stores for that term" (§5.3).
    const conflictTerm = here ?? 0
    const conflictIndex = here === undefined ? lastIndex(log) + 1 : firstOfTerm(log, prevIndex)
    const refusal = { success: false, match: 0, conflictTerm, conflictIndex }
    turn.send(from, { type: 'append-reply', term, round, prevIndex, ...refusal })
    return
  }
  storeEntries(turn, prevIndex, message.entries)
  const match = prevIndex + message.entries.length
  // "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry)" (Figure 2).
  state.commitIndex = Math.max(state.commitIndex, Math.min(message.commit, match))
  applyCommitted(turn)
  turn.send(from, {
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

/**
 * Whether this node has the entry that comes just before the new entries in the leader's log (§5.3). `here` is the term
 * of this node's own entry at that index.
 */
function precedes(turn: RaftTurn, here: number | undefined, prevTerm: number): boolean {
  const taken = takenToPrecede(turn, here, prevTerm)
  if (taken !== (here === prevTerm)) turn.mark()
  return taken
}

function takenToPrecede(turn: RaftTurn, here: number | undefined, prevTerm: number): boolean {
  switch (turn.config.bug) {
    // The bug: the entry before the new entries is not checked.
    case 'no-prev-check':
      return true
    // The bug: the log must have an entry before the new entries, but the terms are not compared.
    case 'prev-length-only':
      return here !== undefined
    default:
      return here === prevTerm
  }
}

/** "If an existing entry conflicts with a new one (same index but different terms), delete the existing entry and all that follow it" */
function storeEntries(turn: RaftTurn, prevIndex: number, entries: readonly Entry[]): void {
  const { state, config } = turn
  const { log } = state
  // The bug: conflicting entries are not deleted, and are confirmed as if they were the leader's.
  const kept = config.bug === 'no-truncate' ? Math.max(0, lastIndex(log) - prevIndex) : undefined
  const present = kept ?? countPresent(log, prevIndex, entries)
  if (kept !== undefined && Math.min(kept, entries.length) > countPresent(log, prevIndex, entries)) turn.mark()
  if (present >= entries.length) return
  const from = prevIndex + 1 + present
  const fresh = present === 0 ? entries : entries.slice(present)
  replaceFrom(log, from, fresh)
  noteConfigurations(state, from, fresh)
  turn.persist({ kind: 'entries', from, entries: fresh })
}

/** Precondition: the message's term is the current one. */
export function handleAppendReply(turn: RaftTurn, message: AppendReply, from: NodeId): void {
  const { state } = turn
  const progress = state.progress.get(from)
  if (state.role !== 'leader' || progress === undefined) return
  progress.heard = true
  if (message.success) {
    forget(progress.inFlight, message.match)
    progress.probing = false
    if (message.match > progress.match) {
      progress.match = message.match
      progress.next = Math.max(progress.next, message.match + 1)
      advanceCommit(turn)
    }
  } else refused(turn, from, progress, message)
  if (message.round > progress.ackedRound) {
    progress.ackedRound = message.round
    confirmRound(turn)
  }
  if (!message.success) return
  if (progress.next <= state.roundEnd) sendEntries(turn, from, progress)
  handOver(turn, from, progress.match)
}

/** Removes the messages up to `match`, which have arrived. */
function forget(inFlight: number[], match: number): void {
  while (inFlight.length > 0 && (inFlight[0] ?? 0) <= match) inFlight.shift()
}

function refused(turn: RaftTurn, peer: NodeId, progress: Progress, message: AppendReply): void {
  // The reply is stale if the follower's log is already known to match at `prevIndex`.
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
