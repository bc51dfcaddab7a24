import type { Level } from '@chaosproxy/checker'
import { type Exhibit, SEED } from './exhibit.ts'

interface Search {
  readonly target: string
  readonly workload: string
  readonly setting: string | undefined
  readonly expect: Level
}

/** A search with an embedded protocol. Each trial is a separate search. */
const searchArgs = ({ target, workload, setting, expect }: Search): readonly string[] => [
  ...['fuzz', '--target', target, '--workload', workload],
  ...(setting === undefined ? [] : ['--set', setting]),
  ...['--seed', SEED, '--seeds', '500', '--shrink', '1ms', '--expect', expect],
]

interface Model extends Pick<Exhibit, 'name' | 'system' | 'weakness' | 'source'> {
  readonly target: string
  readonly workload: string
  readonly breaks: Level
  /** The setting with the weakness; absent if that is the default setting. */
  readonly weak?: string
  /** The setting that removes the weakness; absent if it is the default. */
  readonly cured?: string
  readonly cure: string
}

const models: readonly Model[] = [
  {
    name: 'kubernetes-watch-cache',
    system: "the Kubernetes API server's watch cache",
    weakness: 'a client that switches to another API server sees an older state than before',
    source: 'https://github.com/kubernetes/kubernetes/issues/59848',
    ...{ target: 'watch-cache', workload: 'register', breaks: 'linearizable' },
    cured: 'reads=consistent',
    cure: 'reads wait until the cache is as new as the store was',
  },
  {
    name: 'redlock-algorithm',
    system: 'the Redlock algorithm',
    weakness: 'a holder that does not notice the end of its time to live overwrites what the next holder wrote',
    source: 'https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html',
    ...{ target: 'redlock', workload: 'counter', breaks: 'linearizable' },
    cured: 'fencing=true',
    cure: 'fencing tokens, which Redlock itself lacks',
  },
  {
    name: 'chubby-sequencers',
    system: 'a lock service such as Chubby',
    weakness: 'a holder whose lease has ended can still store its result if no server checks its sequencer',
    source: 'https://research.google/pubs/the-chubby-lock-service-for-loosely-coupled-distributed-systems/',
    ...{ target: 'lease-lock', workload: 'register', breaks: 'linearizable' },
    weak: 'fencing=false',
    cure: 'the store refuses a token that is lower than one it has seen',
  },
  {
    name: 'blind-retry',
    system: 'an app server that retries',
    weakness: 'a request whose reply was lost is repeated, and takes effect twice',
    source: 'https://stripe.com/blog/idempotency',
    ...{ target: 'single', workload: 'counter', breaks: 'linearizable' },
    weak: 'retry=blind',
    cure: 'the same idempotency key in each attempt',
  },
]

/** Embedded protocols of this repository that model weaknesses of other systems. */
export const modelExhibits: readonly Exhibit[] = models.map(({ target, workload, weak, cured, cure, ...exhibit }) => {
  const search = { target, workload, expect: exhibit.breaks }
  return {
    ...exhibit,
    kind: 'embedded model',
    servers: [],
    args: searchArgs({ ...search, setting: weak }),
    cure: { says: cure, args: searchArgs({ ...search, setting: cured }) },
  }
})
