import type { NodeId } from '@chaosproxy/faults'
import { type Entry, entriesFrom, lastIndex, termAt } from '../log.ts'
import type { Progress, RaftTurn } from './state.ts'
import { storeEntriesAsLeader } from './storing.ts'

// This file is about the messages of a leader to its followers: §5.3, §7; thesis §10.2.2 for batching and pipelining.

export const createProgress = (lastLogIndex: number, voter: boolean): Progress => ({
  voter,
  next: lastLogIndex + 1,
  match: 0,
  probing: false,
  inFlight: [],
  ackedRound: 0,
  addressed: false,
  // A new leader waits a whole election timeout for messages from its followers.
  heard: true,
})

/** Sends entries to followers with room in their pipeline, and a heartbeat to the others. */
export function broadcast(turn: RaftTurn): void {
  for (const [peer, progress] of turn.state.progress) sendSomething(turn, peer, progress)
}

/**
 * Sends a message to each follower that was sent nothing since the last heartbeat. Heartbeats are for "idle periods"
 * (Figure 2, Rules for Servers).
 */
export function breakSilence(turn: RaftTurn): void {
  for (const [peer, progress] of turn.state.progress) {
    if (!progress.addressed) sendSomething(turn, peer, progress)
    progress.addressed = false
  }
}

function sendSomething(turn: RaftTurn, peer: NodeId, progress: Progress): void {
  if (!sendEntries(turn, peer, progress)) sendAppend(turn, peer, progress, 0)
}

export function replicate(turn: RaftTurn): void {
  for (const [peer, progress] of turn.state.progress) sendEntries(turn, peer, progress)
}

/** Sends as many messages with entries as fit into the pipeline. Returns false if nothing was sent. */
export function sendEntries(turn: RaftTurn, peer: NodeId, progress: Progress): boolean {
  let sent = false
  const last = lastIndex(turn.state.log)
  while (!progress.probing && progress.next <= last && progress.inFlight.length < turn.config.pipeline) {
    sendAppend(turn, peer, progress, turn.config.batch)
    progress.inFlight.push(progress.next - 1)
    sent = true
  }
  return sent
}

/** Sends at most `limit` entries, or the snapshot if these entries have been compacted. */
export function sendAppend(turn: RaftTurn, peer: NodeId, progress: Progress, limit: number): void {
  const { state } = turn
  if (limit > 0) storeEntriesAsLeader(turn)
  progress.addressed = true
  const prevIndex = progress.next - 1
  const prevTerm = termAt(state.log, prevIndex)
  const { term, commitIndex: commit, roundStarted: round } = state
  if (prevTerm === undefined) {
    sendSnapshot(turn, peer, progress)
    return
  }
  const { lastAppend } = turn
  // Followers that lack the same entries share one message object, which a host then encodes once.
  const same =
    lastAppend?.limit === limit && lastAppend.message.prevIndex === prevIndex ? lastAppend.message : undefined
  if (same !== undefined && same.commit === commit && same.round === round) {
    progress.next += same.entries.length
    turn.send(peer, same)
    return
  }
  const entries = limit === 0 ? NO_ENTRIES : entriesFrom(state.log, progress.next, limit)
  progress.next += entries.length
  const message = { type: 'append', term, prevIndex, prevTerm, entries, commit, round } as const
  turn.lastAppend = { limit, message }
  turn.send(peer, message)
}

const NO_ENTRIES: readonly Entry[] = []

/** "the leader must occasionally send snapshots to followers that lag behind" (§7). */
function sendSnapshot(turn: RaftTurn, peer: NodeId, progress: Progress): void {
  const { id, snapshot, term, roundStarted: round } = turn.state
  if (snapshot === undefined || progress.next > snapshot.index)
    throw new Error(`${id} would send from entry ${progress.next}, which it does not have`)
  progress.next = snapshot.index + 1
  turn.send(peer, { type: 'snapshot', term, snapshot, round })
}
