import type { Completion } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { entryAt, lastIndex, termAt } from '../log.ts'
import { unavailable } from '../objects/object.ts'
import { answer, answerReads } from '../routing/answers.ts'
import { applyOnce, remember, wasApplied } from '../routing/sessions.ts'
import { snapshotIfDue } from './snapshot.ts'
import { majorityOf, type RaftState, type RaftTurn, trueMajorityOf } from './state.ts'
import { storeEntriesAsLeader } from './storing.ts'

// Committing and applying: §5.3, §5.4.2.

/**
 * "If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and log[N].term == currentTerm: set
 * commitIndex = N" (Figure 2).
 */
export function advanceCommit(turn: RaftTurn): void {
  const { state } = turn
  // The bug: the leader's own copy counts as a majority.
  const majority = turn.config.bug === 'ack-before-majority' ? 1 : majorityOf(turn)
  const index = heldBy(state, majority)
  if (index <= state.commitIndex) return
  if (majority < trueMajorityOf(turn) && index > heldBy(state, trueMajorityOf(turn))) turn.mark()
  // "Raft never commits log entries from previous terms by counting replicas" (§5.4.2). The bug: the leader commits
  // such entries.
  if (termAt(state.log, index) !== state.term && !turn.suffers('commit-old-term')) return
  // A leader that needs no other node to commit may still have to write the entries to its disk.
  if (index > state.stored) storeEntriesAsLeader(turn)
  state.commitIndex = index
  applyCommitted(turn)
}

/**
 * Returns the last index that at least this many voters have. A leader that is not a voter "replicates log entries but
 * does not count itself in majorities" (thesis §4.2.2).
 */
function heldBy(state: RaftState, nodes: number): number {
  const own = lastIndex(state.log)
  let best = state.voter && nodes <= 1 ? own : state.commitIndex
  for (const candidate of state.progress.values()) {
    if (candidate.match <= best) continue
    let holders = state.voter && own >= candidate.match ? 1 : 0
    for (const progress of state.progress.values()) if (progress.voter && progress.match >= candidate.match) holders++
    if (holders >= nodes) best = candidate.match
  }
  return best
}

export function applyCommitted(turn: RaftTurn): void {
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
    // If another entry is committed at the index of a proposal, the proposal is lost. The bug: any entry at that index
    // answers the proposal.
    const own = proposal.term === entry.term
    const confused = !own && turn.suffers('reply-by-index')
    answer(turn, proposal.origin, (own || confused) && result !== undefined ? result : unavailable)
  }
  if (state.role === 'leader') answerReads(turn)
  snapshotIfDue(turn)
}

function applyEntry(turn: RaftTurn, command: Command): Completion {
  const { config, state } = turn
  const { copy, role } = state
  const { object } = config
  switch (config.bug) {
    case 'double-apply':
      return applyAgain(turn, command)
    // The bug: only the leader stores sessions, so its successor has none.
    case 'dedup-leader-only':
      if (role === 'leader') return applyOnce(object, copy, command)
      turn.mark()
      return object.apply(copy.held, command.input)
    default:
      return applyOnce(object, copy, command)
  }
}

/** Applies a command even if it was applied before. */
function applyAgain(turn: RaftTurn, command: Command): Completion {
  const { copy } = turn.state
  const result = turn.config.object.apply(copy.held, command.input)
  if (wasApplied(copy, command)) turn.mark()
  else if (command.session !== undefined) remember(copy, command.session, result)
  return result
}
