import { type Exhibit, testedSystem } from './exhibit.ts'
import { ROUTES, recordArgs } from './recorded.ts'

const args = (cache: string, mode: string): readonly string[] =>
  recordArgs({
    servers: [{ name: 'app', serve: `node app.mjs {listen} ${cache} ${mode}`, as: ROUTES }],
    expect: 'eventual',
    clients: 'node clients.mjs {app}',
  })

const caches = [
  ['cache-manager', '7.2.9', 'wrap()', 'https://github.com/jaredwray/cacheable/tree/main/packages/cache-manager#wrap'],
  ['p-memoize', '9.0.0', 'the memoized function', 'https://github.com/sindresorhus/p-memoize#cache'],
] as const

const cacheAside: Exhibit = {
  name: 'cache-aside-stale',
  kind: 'pattern',
  system: 'cache-aside',
  weakness: 'a reader puts a value that it read before a write into the cache after the write: it stays stale forever',
  source: 'https://www.usenix.org/conference/nsdi13/technical-sessions/presentation/nishtala',
  program: 'gallery/caches',
  servers: [],
  breaks: 'eventual',
  args: args('cache-aside', 'unlimited'),
  cure: { says: 'a lease that a write revokes from readers', args: args('cache-aside', 'leased') },
}

/** Caches that the reading clients fill. */
export const cacheExhibits: readonly Exhibit[] = [
  cacheAside,
  ...caches.map(
    ([cache, version, what, source]): Exhibit => ({
      name: `${cache}-stale`,
      ...testedSystem('package', cache, version),
      weakness: `${what} stores a value that it loaded before the entry was removed: the old value stays forever`,
      source,
      program: 'gallery/caches',
      breaks: 'eventual',
      args: args(cache, 'unlimited'),
      cure: { says: 'a time to live, after which the old value expires', args: args(cache, 'limited') },
    }),
  ),
]
