import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { MessagesOf, Turn, Types } from '../turn.ts'

interface WatchCacheConfig extends Subject {
  /**
   * `cache`: a read returns the content of the node's cache. `consistent`: the content is at least as new as the store
   * was when the read arrived.
   */
  readonly reads: 'cache' | 'consistent'
  readonly history: number
  readonly resyncMs: Millis
  readonly requestTimeoutMs: Millis
}

/** A change of the store. `revision` is the number of changes so far, including this one. */
export interface Change {
  readonly revision: number
  readonly input: Input
}

export type WatchCacheMessage = MessagesOf<{
  write: { requestId: string; command: Command; ticket: Ticket }
  list: unknown
  /** Requests all changes from this revision on. The sender has all earlier ones. */
  watch: { from: number }
  revision: { requestId: string }
  // From the store.
  written: { requestId: string; result: Completion }
  listed: { revision: number; content: Json }
  /** Changes in order and without gaps; `from` is the first revision covered, `to` the last. */
  events: { from: number; to: number; changes: readonly Change[] }
  /** The watch cannot be resumed, because the store no longer keeps the changes that the watcher lacks. */
  compacted: unknown
  present: { requestId: string; revision: number }
}>

type WatchCacheRecord = Change

/** A consistent read that waits for the store's answer, and then for the cache. */
interface Waiting {
  readonly requestId: string
  readonly input: Input
  /** The revision that the cache must reach; undefined until the store has answered. */
  readonly atLeast: number | undefined
  readonly since: Millis
}

export interface WatchCacheState {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  readonly store: NodeId
  /** Recognises duplicates of forwarded writes. */
  readonly forwarding: Forwarding
  /** The object as of `revision`: the authoritative state on the store, the cache on other nodes. */
  held: unknown
  revision: number
  // The store.
  readonly changes: Change[]
  /** By API server: the revision that it is known to have. */
  readonly known: Map<NodeId, number>
  // An API server.
  /** Whether the server has listed the store's content since its start. */
  isListed: boolean
  readonly waiting: Map<string, Waiting>
  /**
   * If the cache has skipped changes without applying them: a description of this, for the invariant. Only a bug can
   * cause it.
   */
  skipped: string | undefined
}

export type WatchCache = Types<WatchCacheConfig, WatchCacheState, WatchCacheMessage, WatchCacheRecord, 'resync'>
export type WatchCacheTurn = Turn<WatchCache>
