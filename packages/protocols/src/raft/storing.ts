import { entriesFrom, lastIndex } from '../log.ts'
import { emit, type Turn } from './state.ts'

/**
 * A leader writes entries to disk just before it sends them, all that came up since it last did, as one record. What it
 * does meanwhile need not wait for the disk. It counts itself among the holders of an entry only once it has written it.
 */
export function storeEntriesAsLeader(turn: Turn): void {
  const { state } = turn
  const { log, stored } = state
  const last = lastIndex(log)
  if (state.role !== 'leader' || last === stored) return
  const from = stored + 1
  state.stored = last
  emit(turn, { type: 'persist', record: { kind: 'entries', from, entries: entriesFrom(log, from, last - stored) } })
}
