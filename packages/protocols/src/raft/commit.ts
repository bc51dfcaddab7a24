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
  // The bug: the leader's own copy suffices.
  const majority = turn.config.bug === 'ack-before-majority' ? 1 : majorityOf(turn)
  const index = heldBy(state, majority)
  if (index <= state.commitIndex) return
  if (majority < trueMajorityOf(turn) && index > heldBy(state, trueMajorityOf(turn))) turn.mark()
  // "Raft never commits log entries from previous terms by counting replicas" (§5.4.2). The bug: the leader commits
  // such entries.
  if (termAt(state.log, index) !== state.term) {
    if (turn.config.bug !== 'commit-old-term') return
    turn.mark()
  }
  // A leader that commits alone may still have to write to its disk.
  if (index > state.stored) storeEntriesAsLeader(turn)
  state.commitIndex = index
  applyCommitted(turn)
}

/**
 * Returns the last index that so many voters have, at least the commit index. A leader that is no voter "replicates log
 * entries but does not count itself in majorities" (thesis §4.2.2).
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
    // A proposal is lost if another entry is committed at its index. The bug: that entry answers it.
    const own = proposal.term === entry.term
    const confused = !own && turn.config.bug === 'reply-by-index'
    if (confused) turn.mark()
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
    // The bug: the leader's successor has no sessions.
    case 'dedup-leader-only':
      if (role === 'leader') return applyOnce(object, copy, command)
      turn.mark()
      return object.apply(copy.held, command.input)
    default:
      return applyOnce(object, copy, command)
  }
}

/** Applies even a repeated command, which only remembered results identify. */
function applyAgain(turn: RaftTurn, command: Command): Completion {
  const { copy } = turn.state
  const result = turn.config.object.apply(copy.held, command.input)
  if (wasApplied(copy, command)) turn.mark()
  else if (command.session !== undefined) remember(copy, command.session, result)
  return result
}
