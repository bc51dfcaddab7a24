import type { NodeId } from '@chaos/faults'
import type { Invariant } from '../definition.ts'
import { type Entry, entryAt, lastIndex, termAt } from '../log.ts'
import type { RaftState } from './state.ts'

// The properties of Figure 3 of "In Search of an Understandable Consensus Algorithm (Extended Version)", each watched step
// by step, at the cost of what the step changed.

export const raftInvariants: readonly Invariant[] = [
  {
    name: 'election safety',
    summary: '"at most one leader can be elected in a given term" (§5.2)',
    watch() {
      const leaders = new Map<number, NodeId>()
      return (node, unknownState) => {
        const { role, term } = unknownState as RaftState
        if (role !== 'leader') return undefined
        const leader = leaders.get(term)
        if (leader === undefined) leaders.set(term, node)
        else if (leader !== node) return `${leader} and ${node} both lead in term ${term}`
        return undefined
      }
    },
  },
  {
    name: 'leader completeness',
    summary:
      '"if a log entry is committed in a given term, then that entry will be present in the logs of the leaders for all higher-numbered terms" (§5.4)',
    watch() {
      const committed = watchCommitted()
      const termsSeen = new Map<NodeId, number>()
      return (node, unknownState) => {
        const state = unknownState as RaftState
        committed.observe(node, state)
        if (state.role !== 'leader' || termsSeen.get(node) === state.term) return undefined
        termsSeen.set(node, state.term)
        for (let index = state.log.compacted + 1; index < committed.entries.length; index++) {
          const entry = committed.entries[index]
          if (entry !== undefined && entry.term < state.term && termAt(state.log, index) !== entry.term)
            return `${node} leads term ${state.term} without entry ${index}, committed in term ${entry.term}`
        }
        return undefined
      }
    },
  },
  {
    name: 'state machine safety',
    summary:
      '"if a server has applied a log entry at a given index to its state machine, no other server will ever apply a different log entry for the same index" (§5.4.3)',
    watch() {
      const committed = watchCommitted()
      return (node, unknownState) => {
        const state = unknownState as RaftState
        const other = committed.observe(node, state)
        return other === undefined ? undefined : `${node} applied another entry at ${other} than those before it`
      }
    },
  },
  {
    name: 'log matching',
    summary:
      '"if two logs contain an entry with the same index and term, then the logs are identical in all entries up through the given index" (§5.3)',
    watch: watchLogMatching,
  },
]

/** What was applied at each index, as the first node did. */
function watchCommitted() {
  const entries: (Entry | undefined)[] = []
  const applied = new Map<NodeId, number>()
  return {
    entries,
    /** The first index at which this node has now applied something else; undefined where there is none. */
    observe(node: NodeId, state: RaftState): number | undefined {
      const before = applied.get(node) ?? 0
      // After a restart everything is applied again, and compared again.
      const from = state.applied < before ? 0 : before
      applied.set(node, state.applied)
      for (let index = from + 1; index <= state.applied; index++) {
        const entry = entryAt(state.log, index)
        if (entry === undefined) continue
        const first = entries[index]
        if (first === undefined) entries[index] = entry
        else if (!sameEntry(first, entry)) return index
      }
      return undefined
    },
  }
}

/**
 * By induction: an entry is compared when it comes into a log, with what the first log to hold one of that index and term
 * had in that place and before it.
 */
function watchLogMatching(): (node: NodeId, state: unknown) => string | undefined {
  /** By index and term: the entry, and the term of the one before it. */
  const first = new Map<string, { readonly entry: Entry; readonly previousTerm: number | undefined }>()
  const seen = new Map<NodeId, { last: number; term: number | undefined }>()
  return (node, unknownState) => {
    const { log } = unknownState as RaftState
    const known = seen.get(node)
    const last = lastIndex(log)
    const lastTermNow = termAt(log, last)
    if (known !== undefined && known.last === last && known.term === lastTermNow) return undefined
    // What was appended, or, where the end was replaced, everything since it could have been.
    const kept = known !== undefined && known.last < last && termAt(log, known.last) === known.term
    seen.set(node, { last, term: lastTermNow })
    for (let index = kept && known !== undefined ? known.last + 1 : log.compacted + 1; index <= last; index++) {
      const entry = entryAt(log, index)
      if (entry === undefined) continue
      const previousTerm = termAt(log, index - 1)
      const name = `${index} ${entry.term}`
      const other = first.get(name)
      if (other === undefined) first.set(name, { entry, previousTerm })
      else if (!sameEntry(other.entry, entry) || (other.previousTerm !== previousTerm && previousTerm !== undefined))
        return `${node} holds another entry ${index} of term ${entry.term}, or another one before it, than a log seen earlier`
    }
    return undefined
  }
}

/** Entries travel as they are within a simulation; across a restart they are what the disk gave back. */
const sameEntry = (one: Entry, other: Entry): boolean =>
  one === other || (one.term === other.term && JSON.stringify(one.command) === JSON.stringify(other.command))
