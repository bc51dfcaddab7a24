import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input } from '@chaosproxy/history'
import type { WatchCacheMessage, WatchCacheState, WatchCacheTurn } from './state.ts'

// The store (etcd): every change has a revision. A watch sends all changes from a revision on, in order and without
// gaps, as long as they are kept (etcd, "KV API guarantees": ordered, unique, atomic, reliable, resumable).

/** Changes per message. */
const BATCH = 64

export function write(turn: WatchCacheTurn, input: Input): Completion {
  const { state, config } = turn
  const result = config.object.apply(state.held, input)
  if (result.type !== 'ok') return result
  const change = { revision: ++state.revision, input }
  keep(state, change, config.history)
  turn.persist(change)
  for (const peer of state.peers)
    turn.send(peer, { type: 'events', from: change.revision, to: change.revision, changes: [change] })
  return result
}

/** The store compacts: it forgets the oldest changes, but not their result. */
export function keep(state: WatchCacheState, change: { revision: number; input: Input }, history: number): void {
  state.changes.push(change)
  if (state.changes.length > history) state.changes.splice(0, Math.ceil(history / 2))
}

export function handleList(turn: WatchCacheTurn, from: NodeId): void {
  const { state, config } = turn
  turn.send(from, { type: 'listed', revision: state.revision, content: config.object.save(state.held) })
}

/**
 * Resumes a watch, or says that it cannot be resumed. If there is nothing new, sends a bookmark with the store's
 * revision.
 */
export function handleWatch(turn: WatchCacheTurn, peer: NodeId, first: number): void {
  const { state, config } = turn
  state.known.set(peer, first - 1)
  const oldest = state.changes[0]?.revision ?? state.revision + 1
  let from = first
  if (from < oldest && from <= state.revision) {
    if (config.bug !== 'ignore-compaction') {
      turn.send(peer, { type: 'compacted' })
      return
    }
    // The bug: the watch begins with the oldest change that is left, and the watcher is not informed.
    turn.mark()
    from = oldest
  }
  const changes = state.changes.slice(from - oldest, from - oldest + BATCH)
  // A node that knows later revisions than this store cannot have them from it.
  const message: WatchCacheMessage = { type: 'events', from: first, to: changes.at(-1)?.revision ?? first - 1, changes }
  turn.send(peer, message)
}
