import { type InvariantWatch, type ProtocolDefinition, watchState } from '../definition.ts'
import { isEverRead } from '../objects/registry.ts'
import { bug, defineProtocol } from '../options.ts'
import { createWatchCache } from './machine.ts'
import type { WatchCacheMessage, WatchCacheState } from './state.ts'

const CONSISTENT = { reads: 'consistent' } as const

export const watchCache: ProtocolDefinition = defineProtocol({
  name: 'watch-cache',
  weakness: ({ reads = 'cache' }, _nodes, object) =>
    reads === 'cache' && isEverRead(object) ? 'caches answer reads without asking the store, and lag' : undefined,
  summary: 'one store numbers all changes; API servers list and watch them, and answer reads from their caches',
  defaultNodes: 4,
  settings: {
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
  },
  bugs: {
    'resume-at-latest': bug(
      'after a gap, a watch goes on from the latest revision heard of, not from the last one received',
      ['loss', 'partition'],
    ),
    'ignore-compaction': bug(
      'a watch from a compacted revision begins with the oldest change that is left',
      ['loss', 'partition'],
      { settings: { history: 2 } },
    ),
    'trust-cache': bug(
      'consistent reads are answered from the cache without asking the store',
      ['delay', 'partition'],
      { settings: CONSISTENT },
    ),
  },
  invariants: [
    /** From one list of the store's content to the next, a cache applies every change in the order of revisions. */
    { name: 'no gap in a watch', watch: watchState(({ skipped }: WatchCacheState) => skipped) },
    /** The revision of a cache only increases while its API server lives. */
    { name: 'a cache does not go back', watch: watchRevisions },
  ],
  promises: (_, { reads }) => (reads === 'consistent' ? 'linearizable' : 'eventual'),
  strictest: CONSISTENT,
  create: createWatchCache,
})

type Watch = InvariantWatch<WatchCacheState, WatchCacheMessage>

function watchRevisions(): Watch {
  return (node) => {
    let last = 0
    return ({ revision }, event) => {
      if (event !== undefined && revision < last) return `${node} went back from revision ${last} to ${revision}`
      last = revision
      return undefined
    }
  }
}
