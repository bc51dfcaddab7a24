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
  ['p-memoize', '9.0.0', 'the function that it makes', 'https://github.com/sindresorhus/p-memoize#cache'],
] as const

const cacheAside: Exhibit = {
  name: 'cache-aside-stale',
  kind: 'pattern',
  system: 'cache-aside',
  weakness: 'a reader fills the cache with what it read before a write removed the entry: it stays stale for ever',
  source: 'https://www.usenix.org/conference/nsdi13/technical-sessions/presentation/nishtala',
  program: 'gallery/caches',
  servers: [],
  breaks: 'eventual',
  args: args('cache-aside', 'unlimited'),
  cure: { says: 'a lease that a write takes away from readers', args: args('cache-aside', 'leased') },
}

/** Caches that the reading clients fill. */
export const cacheExhibits: readonly Exhibit[] = [
  cacheAside,
  ...caches.map(
    ([cache, version, what, source]): Exhibit => ({
      name: `${cache}-stale`,
      ...testedSystem('package', cache, version),
      weakness: `${what} keeps what it loaded before an entry was removed: the old value stays for ever`,
      source,
      program: 'gallery/caches',
      breaks: 'eventual',
      args: args(cache, 'unlimited'),
      cure: { says: 'a time to live, after which the old value is gone', args: args(cache, 'limited') },
    }),
  ),
]
