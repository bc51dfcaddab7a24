import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Turn, Types } from '../turn.ts'

export interface WatchCacheConfig extends Subject {
  /** `cache`: a read returns the node's cache. `consistent`: at least what the store had when the read arrived. */
  readonly reads: 'cache' | 'consistent'
  /** The number of changes kept for watches. */
  readonly history: number
  readonly resyncMs: Millis
  readonly requestTimeoutMs: Millis
}

/** A change and its revision, counted over all. */
export interface Change {
  readonly revision: number
  readonly input: Input
}

export type WatchCacheMessage =
  | { readonly type: 'write'; readonly requestId: string; readonly command: Command; readonly ticket: Ticket }
  | { readonly type: 'list' }
  /** Requests changes from this revision on, and confirms the earlier ones. */
  | { readonly type: 'watch'; readonly from: number }
  | { readonly type: 'revision'; readonly requestId: string }
  // From the store.
  | { readonly type: 'written'; readonly requestId: string; readonly result: Completion }
  | { readonly type: 'listed'; readonly revision: number; readonly content: Json }
  /** Changes without gaps, for revisions `from` to `to`. */
  | { readonly type: 'events'; readonly from: number; readonly to: number; readonly changes: readonly Change[] }
  /** The changes to resume from are no longer kept. */
  | { readonly type: 'compacted' }
  | { readonly type: 'present'; readonly requestId: string; readonly revision: number }

type WatchCacheRecord = Change

/** A consistent read that waits for the store, then for the cache. */
interface Waiting {
  readonly requestId: string
  readonly input: Input
  /** The revision to reach; undefined until the store answers. */
  readonly atLeast: number | undefined
  readonly since: Millis
}

export interface WatchCacheState {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  readonly store: NodeId
  /** Recognises duplicates of forwarded writes. */
  readonly forwarding: Forwarding
  /** The object as of `revision`, a cache except on the store. */
  held: unknown
  revision: number
  // The store.
  /** The latest; older ones are compacted. */
  readonly changes: Change[]
  /** By API server: its known revision. */
  readonly known: Map<NodeId, number>
  // An API server.
  /** Whether the server has a list since its start. */
  isListed: boolean
  readonly waiting: Map<string, Waiting>
  /** With a bug: changes that the cache skipped; for the invariant. */
  skipped: string | undefined
}

export type WatchCache = Types<WatchCacheConfig, WatchCacheState, WatchCacheMessage, WatchCacheRecord, 'resync'>
export type WatchCacheTurn = Turn<WatchCache>
