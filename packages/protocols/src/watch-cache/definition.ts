import { millis } from '@chaosproxy/history'
import type { ProtocolDefinition } from '../definition.ts'
import { objects } from '../objects/registry.ts'
import { chooseOptions, type Declared } from '../options.ts'
import { watchCacheInvariants } from './invariants.ts'
import { createWatchCache } from './machine.ts'

const CONSISTENT = { reads: 'consistent' } as const

const declared = {
  name: 'watch-cache',
  objects: objects.map(({ name }) => name),
  knobs: [
    {
      name: 'reads',
      summary: 'cache: whatever the cache of the node has; consistent: once the cache has what the store had',
      default: 'cache',
      values: ['cache', 'consistent'],
    },
    {
      name: 'history',
      summary: 'how many changes the store keeps for watches to resume from',
      default: 32,
      worthTrying: [2, 8],
    },
    { name: 'resync-ms', summary: 'how often an API server resumes its watch', default: 50 },
    { name: 'request-timeout-ms', summary: 'how long a consistent read waits for the store', default: 500 },
  ],
  bugs: [
    {
      name: 'resume-at-latest',
      summary: 'after a gap a watch goes on from the latest revision heard of, not from the last one received',
      under: { faults: ['loss', 'partition'] },
    },
    {
      name: 'ignore-compaction',
      summary: 'a watch from a revision that is compacted begins with the oldest change that is left',
      under: { knobs: { history: 2 }, faults: ['loss', 'partition'] },
    },
    {
      name: 'trust-cache',
      summary: 'consistent reads are answered from the cache without asking the store',
      under: { knobs: CONSISTENT, faults: ['delay', 'partition'] },
    },
  ],
} as const satisfies Declared

export const watchCache: ProtocolDefinition = {
  ...declared,
  marks: true,
  invariants: watchCacheInvariants,
  summary: 'one store numbers all changes; API servers list, watch, and answer reads from what they have so',
  defaultNodes: 4,
  promises: (_, { reads }) => (reads === 'consistent' ? 'linearizable' : 'eventual'),
  strictest: CONSISTENT,
  create(options) {
    const chosen = chooseOptions(declared, options)
    return createWatchCache({
      object: chosen.object,
      reads: chosen.value('reads') === 'consistent' ? 'consistent' : 'cache',
      history: chosen.number('history'),
      resyncMs: millis(chosen.number('resync-ms')),
      requestTimeoutMs: millis(chosen.number('request-timeout-ms')),
      bug: chosen.bug,
    })
  },
}
