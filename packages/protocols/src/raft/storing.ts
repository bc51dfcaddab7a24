import { entriesFrom, lastIndex } from '../log.ts'
import type { RaftTurn } from './state.ts'

/**
 * Writes entries to the leader's disk just before it sends them. The leader counts itself among the nodes that have an
 * entry only once the entry is on its disk.
 */
export function storeEntriesAsLeader(turn: RaftTurn): void {
  const { state } = turn
  const { log, stored } = state
  const last = lastIndex(log)
  if (state.role !== 'leader' || last === stored) return
  const from = stored + 1
  state.stored = last
  turn.persist({ kind: 'entries', from, entries: entriesFrom(log, from, last - stored) })
}
