import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Turn, Types } from '../turn.ts'

export interface WatchCacheConfig extends Subject {
  /** `cache`: whatever the node's cache has. `consistent`: at least what the store had when the read came. */
  readonly reads: 'cache' | 'consistent'
  /** How many past changes the store keeps for watches to resume from. */
  readonly history: number
  /** How often an API server asks again for what it lacks. */
  readonly resyncMs: Millis
  readonly requestTimeoutMs: Millis
}

/** A change of the store, and its revision. Revisions count all changes. */
export interface Change {
  readonly revision: number
  readonly input: Input
}

export type WatchCacheMessage =
  // From an API server to the store.
  | { readonly type: 'write'; readonly requestId: string; readonly command: Command; readonly ticket: Ticket }
  | { readonly type: 'list' }
  /** "everything from this revision on". It also says that the sender has everything before. */
  | { readonly type: 'watch'; readonly from: number }
  /** A consistent read asks for the present revision. */
  | { readonly type: 'revision'; readonly requestId: string }
  // From the store.
  | { readonly type: 'written'; readonly requestId: string; readonly result: Completion }
  | { readonly type: 'listed'; readonly revision: number; readonly content: Json }
  /** In order and without a gap; `from` is the first revision covered, `to` the last. */
  | { readonly type: 'events'; readonly from: number; readonly to: number; readonly changes: readonly Change[] }
  /** The watch cannot be resumed: changes from there on are no longer kept. */
  | { readonly type: 'compacted' }
  | { readonly type: 'present'; readonly requestId: string; readonly revision: number }

export type WatchCacheRecord = Change

/** A consistent read that waits for the store, and then for the cache. */
export interface Waiting {
  readonly requestId: string
  readonly input: Input
  /** Undefined until the store has said it. */
  readonly atLeast: number | undefined
  readonly since: Millis
}

export interface WatchCacheState {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  readonly store: NodeId
  /** Tells writes passed on to the store from their duplicates. */
  readonly forwarding: Forwarding
  /** The object as of `revision`: on the store the truth, elsewhere the cache. */
  held: unknown
  revision: number
  // The store.
  /** The latest changes; older ones are compacted. */
  readonly changes: Change[]
  /** By API server: the revision it is known to have. */
  readonly known: Map<NodeId, number>
  // An API server.
  /** Whether it has listed what there is since it started. */
  isListed: boolean
  readonly waiting: Map<string, Waiting>
  /** With a mistake: changes that the cache went past without applying them; for the invariant. */
  skipped: string | undefined
}

export type WatchCache = Types<WatchCacheConfig, WatchCacheState, WatchCacheMessage, WatchCacheRecord, 'resync'>
export type WatchCacheTurn = Turn<WatchCache>
