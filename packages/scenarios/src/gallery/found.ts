import type { Level } from '@chaosproxy/checker'
import { type Exhibit, SEED } from './exhibit.ts'

interface Finding extends Pick<Exhibit, 'name' | 'system' | 'version' | 'weakness' | 'source'> {
  /** The folder in `examples/track-record`; absent if the folder has the finding's name. */
  readonly folder?: string
  readonly breaks: Level
  /** The options of the search that finds the violation. `cured`: options to add for the cure. */
  readonly weak: string
  readonly cured: string
  readonly cure: string
}

const findings: readonly Finding[] = [
  {
    name: 'opossum-clear-cache',
    ...{ system: 'opossum', version: '9.0.0' },
    weakness:
      'a call in progress during clearCache() puts its old result into the cleared cache, where it stays forever',
    source: 'https://nodeshift.dev/opossum/#circuitbreaker',
    breaks: 'linearizable',
    weak: '--nodes 1 --workload-set cas=0 --faults none',
    cured: '--env CACHE=ttl',
    cure: 'a cacheTTL, after which the old result expires',
  },
  {
    name: 'precise-memory-limit',
    folder: 'precise-memory-rate-limit',
    ...{ system: 'precise-memory-rate-limit', version: '1.1.5' },
    weakness: 'a client that calls slowly but steadily is refused, because each of its calls restarts the window',
    source: 'https://www.npmjs.com/package/precise-memory-rate-limit',
    breaks: 'linearizable',
    weak: '--nodes 1 --workload ./calls.mjs --faults none',
    cured: '--env STORE=memory',
    cure: 'the memory store of express-rate-limit',
  },
  {
    name: 'cacheable',
    ...{ system: 'cacheable', version: '2.5.0' },
    weakness: 'get() overwrites a newer value of the first layer with an older one from the second',
    source: 'https://github.com/jaredwray/cacheable/tree/main/packages/cacheable#storage-tiering-and-caching',
    breaks: 'linearizable',
    weak: '--nodes 1 --redis --workload-set cas=0 --keys 4 --faults none --http messages',
    cured: '--env LAYERS=one',
    cure: 'one layer, in Redis',
  },
  {
    name: 'bentocache',
    ...{ system: 'bentocache', version: '1.6.1' },
    weakness: 'get() keeps an old value from Redis in memory, although another instance set a new one meanwhile',
    source: 'https://github.com/Julien-R44/bentocache#readme',
    breaks: 'eventual',
    weak: '--nodes 2 --redis --workload-set cas=0 --expect eventual --faults none --http messages',
    cured: '--env TIERS=one',
    cure: 'one tier, in Redis',
  },
  {
    name: 'redlock-universal',
    ...{ system: 'redlock-universal', version: '0.8.5' },
    weakness: 'using() informs a holder that is cut off from Redis only after its lock has expired',
    source: 'https://github.com/alexpota/redlock-universal#using---recommended',
    breaks: 'linearizable',
    weak: '--nodes 2 --redis --beside book=./book.mjs --workload ./shifts.mjs --faults partition --length 8s --operations 200 --http messages',
    cured: '--env TIMEOUT_MS=50',
    cure: 'an adapter timeout far below a fifth of the TTL of the lock',
  },
  {
    name: 'limiter-penalty',
    folder: 'rate-limiter-flexible-penalty',
    ...{ system: 'rate-limiter-flexible', version: '11.4.0' },
    weakness: 'a client that penalty() takes over the limit is not blocked for blockDuration',
    source: 'https://github.com/animir/node-rate-limiter-flexible/wiki/Options#blockduration',
    breaks: 'linearizable',
    weak: '--nodes 1 --workload ./logins.mjs --faults none --length 4s',
    cured: '--env PUNISH=consume',
    cure: 'consume() instead of penalty()',
  },
  {
    name: 'undici-retry',
    ...{ system: 'undici', version: '7.30.2' },
    weakness:
      'RetryAgent resumes a page with a weak ETag without a condition: the second half may be of another version',
    source: 'https://github.com/nodejs/undici/issues/3128',
    breaks: 'linearizable',
    weak: '--nodes 2 --env ORIGIN=http://{peer.n1} --workload-set cas=0 --keys 1 --operations 20 --faults reset',
    cured: '--env ETAGS=strong',
    cure: 'a strong ETag',
  },
  {
    name: 'hocuspocus-redis',
    ...{ system: '@hocuspocus/extension-redis', version: '4.7.0' },
    weakness: 'an edit is never stored if another instance is storing the document at that moment',
    source: 'https://tiptap.dev/docs/hocuspocus/server/extensions/redis',
    breaks: 'eventual',
    weak: '--nodes 2 --redis --workload counter --keys 1 --expect eventual --faults none --http messages',
    cured: '--env CURED=yes',
    cure: 'an instance retries if the lock is taken',
  },
  {
    name: 'oidc-provider-code',
    ...{ system: 'oidc-provider', version: '9.13.3' },
    weakness: 'two concurrent requests with the same authorization code both get tokens',
    source: 'https://github.com/panva/node-oidc-provider#readme',
    breaks: 'linearizable',
    weak: '--nodes 2 --redis --faults none --workload ./redemptions.mjs',
    cured: '--env CURED=yes',
    cure: 'the consume() of the adapter fails for the second request',
  },
  {
    name: 'sequelize-destroy',
    ...{ system: 'sequelize', version: '6.37.8' },
    weakness: 'destroy() of a row whose version has changed deletes nothing, but resolves',
    source: 'https://sequelize.org/docs/v6/other-topics/optimistic-locking/',
    breaks: 'linearizable',
    weak: '--nodes 2 --beside pg=postgres --sql schema.sql --faults none --workload ./workload.mjs --http messages',
    cured: '--env CURED=yes',
    cure: 'the static destroy({ where: { name, version } }) returns how many rows it deleted',
  },
]

const SEARCH: readonly string[] = ['--seed', SEED, '--seeds', '60']
const words = (text: string): readonly string[] => text.split(' ')

/**
 * Weaknesses that no documentation mentions. For each of them, `examples/track-record` has a program that shows the
 * weakness without the `chaos` tool.
 */
export const found: readonly Exhibit[] = findings.map(({ folder, weak, cured, cure, ...exhibit }) => ({
  ...exhibit,
  kind: 'new finding',
  program: `track-record/${folder ?? exhibit.name}`,
  servers: [],
  args: ['simulate', 'server.mjs', ...words(weak), ...SEARCH],
  cure: { says: cure, args: ['simulate', 'server.mjs', ...words(weak), ...words(cured), ...SEARCH] },
}))
