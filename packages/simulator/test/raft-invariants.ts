import type { NodeId } from '@chaos/faults'
import { entryAt, lastIndex, termAt } from '../../protocols/src/log.ts'
import type { RaftState } from '../../protocols/src/raft/state.ts'

/** Watches Raft's properties (Figure 3) as a run goes on, and throws at the step that breaks one. */
export function watchRaft(): (node: NodeId, state: unknown) => void {
  const leaders = new Map<number, NodeId>()
  /** By index: what was committed there, as first seen. */
  const committed: { readonly term: number; readonly command: unknown }[] = []
  const seen = new Map<NodeId, RaftState>()

  return (node, unknownState) => {
    const state = unknownState as RaftState
    seen.set(node, state)
    if (state.role === 'leader') {
      const leader = leaders.get(state.term)
      if (leader === undefined) {
        leaders.set(state.term, node)
        checkCompleteness(state, committed)
      } else if (leader !== node) throw new Error(`election safety: ${leader} and ${node} lead in term ${state.term}`)
    }
    for (let index = 1; index <= state.applied; index++) {
      const entry = entryAt(state.log, index)!
      const first = committed[index]
      if (first === undefined) {
        committed[index] = entry
        checkMatching(seen, index)
      } else if (index === state.applied && (first.term !== entry.term || first.command !== entry.command))
        throw new Error(`state machine safety: ${node} applied another entry at ${index}`)
    }
  }
}

/** "if a log entry is committed in a given term, then that entry will be present in the logs of the leaders for all higher-numbered terms" */
function checkCompleteness(leader: RaftState, committed: readonly ({ readonly term: number } | undefined)[]): void {
  for (const [index, entry] of committed.entries())
    if (entry !== undefined && entry.term < leader.term && termAt(leader.log, index) !== entry.term)
      throw new Error(`leader completeness: ${leader.id} leads term ${leader.term} without entry ${index}`)
}

/** "if two logs contain an entry with the same index and term, then the logs are identical in all entries up through the given index" */
function checkMatching(states: ReadonlyMap<NodeId, RaftState>, index: number): void {
  const holders = [...states.values()].filter((state) => lastIndex(state.log) >= index)
  for (const one of holders)
    for (const other of holders) {
      if (termAt(one.log, index) !== termAt(other.log, index)) continue
      for (let before = index; before > Math.max(0, index - 20); before--)
        if (entryAt(one.log, before)?.command !== entryAt(other.log, before)?.command)
          throw new Error(`log matching: ${one.id} and ${other.id} differ at ${before} and agree at ${index}`)
    }
}
