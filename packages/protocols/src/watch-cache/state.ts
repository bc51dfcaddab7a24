import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Chosen } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { MessagesOf, Turn, Types } from '../turn.ts'

export const settings = {
  reads: {
    summary:
      'cache: read the cache, whatever its age; consistent: ask the store for its revision, and wait until the cache has reached it',
    default: 'cache',
    values: ['cache', 'consistent'],
  },
  history: {
    summary: 'how many changes the store keeps for watches to resume from',
    default: 32,
    worthTrying: [2, 8],
  },
  'resync-ms': { summary: 'how often an API server resumes its watch', default: 50 },
  'request-timeout-ms': { summary: 'how long a consistent read waits for the store', default: 500 },
} as const

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

export type WatchCache = Types<Chosen<typeof settings>, WatchCacheState, WatchCacheMessage, WatchCacheRecord, 'resync'>
export type WatchCacheTurn = Turn<WatchCache>
