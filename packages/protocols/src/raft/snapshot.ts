import type { NodeId } from '@chaosproxy/faults'
import { compactLog, termAt } from '../log.ts'
import type { AnyObject } from '../objects/object.ts'
import { loadCopy, saveCopy } from '../routing/sessions.ts'
import type { MessageOf } from '../turn.ts'
import { configurationAt, rebaseConfigurations } from './configuration.ts'
import type { RaftMessage, RaftState, RaftTurn, Snapshot } from './state.ts'

// Log compaction: §7; thesis §5.1. Snapshots are small, so one message carries a whole snapshot.

/**
 * Takes a snapshot if enough entries were applied: "Each server takes snapshots independently, covering just the
 * committed entries in its log" (§7).
 */
export function snapshotIfDue(turn: RaftTurn): void {
  const { state, config } = turn
  const { log, applied, copy } = state
  if (applied - log.compacted < config.snapshotEntries) return
  const configuration = configurationAt(state, applied)
  const snapshot: Snapshot = {
    index: applied,
    term: termAt(log, applied) ?? 0,
    members: configuration.members,
    copy: saveCopy(config.object, copy),
  }
  turn.persist({ kind: 'snapshot', snapshot })
  state.snapshot = snapshot
  compactLog(log, snapshot.index, snapshot.term)
  rebaseConfigurations(state, configuration, true)
}

/** InstallSnapshot, receiver implementation (Figure 13). */
export function handleSnapshot(
  turn: RaftTurn,
  { snapshot, round }: MessageOf<RaftMessage, 'snapshot'>,
  from: NodeId,
): void {
  const { state, config } = turn
  const { index, term } = snapshot
  // A stale message must not undo what this node knows to be committed.
  if (index > state.commitIndex) {
    turn.persistUnless('forget-snapshot', { kind: 'snapshot', snapshot })
    restoreSnapshot(config.object, state, snapshot)
    for (const proposed of state.proposals.keys()) if (proposed <= index) state.proposals.delete(proposed)
    turn.log(`took over a snapshot of ${index} entries, the last of term ${term}`)
  }
  const found = { success: true, match: index, prevIndex: index, conflictTerm: 0, conflictIndex: 0 }
  turn.send(from, { type: 'append-reply', term: state.term, round, ...found })
}

/**
 * "If existing log entry has same index and term as snapshot's last included entry, retain log entries following it […].
 * Discard the entire log. Reset state machine using snapshot contents" (Figure 13).
 */
export function restoreSnapshot(object: AnyObject, state: RaftState, snapshot: Snapshot): void {
  const { index, term, members, copy } = snapshot
  const follows = termAt(state.log, index) === term
  compactLog(state.log, index, term)
  rebaseConfigurations(state, { index, members }, follows)
  state.snapshot = snapshot
  state.copy = loadCopy(object, copy)
  state.applied = index
  state.commitIndex = index
}
