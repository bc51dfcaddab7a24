import type { ChangeWatch, Invariant } from '../definition.ts'
import type { Entry } from '../log.ts'
import {
  type LogProtocol,
  watchAgreement,
  watchCompleteness,
  watchLeaders,
  watchLogMatching,
} from '../log-invariants.ts'
import type { RaftState } from './state.ts'

const raftLog: LogProtocol<RaftState> = {
  leads: ({ role }) => role === 'leader',
  term: ({ term }) => term,
  log: ({ log }) => log,
  // A single voter applies entries before they are on its disk, and answers clients afterwards. A crash may lose
  // applied entries without breaking a promise, so none of them counts as settled.
  settled: ({ applied, configuration }) => (configuration.members.length === 1 ? 0 : applied),
}

/**
 * Returns a function that determines whether a step may have changed what the invariants depend on. By the log matching
 * property, comparing the last entries compares whole logs.
 */
export function raftChanges(): ChangeWatch<RaftState> {
  let before = { term: 0, role: 'follower', applied: 0, compacted: 0, length: 0, last: undefined as Entry | undefined }
  return ({ term, role, applied, log: { compacted, entries } }) => {
    const { length } = entries
    const last = length > 0 ? entries[length - 1] : undefined
    if (
      last === before.last &&
      applied === before.applied &&
      term === before.term &&
      role === before.role &&
      length === before.length &&
      compacted === before.compacted
    )
      return false
    before = { term, role, applied, compacted, length, last }
    return true
  }
}

/** The properties of Figure 3 of "In Search of an Understandable Consensus Algorithm (Extended Version)". */
export const raftInvariants: readonly Invariant[] = [
  /** "at most one leader can be elected in a given term" (§5.2). */
  { name: 'election safety', watch: () => watchLeaders(raftLog) },
  /**
   * "if a log entry is committed in a given term, then that entry will be present in the logs of the leaders for all
   * higher-numbered terms" (§5.4).
   */
  { name: 'leader completeness', watch: () => watchCompleteness(raftLog) },
  /**
   * "if a server has applied a log entry at a given index to its state machine, no other server will ever apply a
   * different log entry for the same index" (§5.4.3).
   */
  { name: 'state machine safety', watch: () => watchAgreement(raftLog) },
  /**
   * "if two logs contain an entry with the same index and term, then the logs are identical in all entries up through
   * the given index" (§5.3).
   */
  { name: 'log matching', watch: () => watchLogMatching(raftLog) },
]
