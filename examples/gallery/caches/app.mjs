// Profiles in a database, behind a cache that loads missing profiles from the database. A write of a profile removes it
// from the cache. Usage: app.mjs HOST:PORT cache-manager|p-memoize|cache-aside unlimited|limited|leased
import { createServer } from 'node:http'

const [listen = '', name = '', mode = 'unlimited'] = process.argv.slice(2)
/** The delay of a message on the network. */
const way = (longestMs) => new Promise((next) => setTimeout(next, Math.random() * longestMs))
const database = new Map()
/** With `limited`, the cache keeps an entry this long. An entry is stale for no longer than that. */
const TTL_MS = 250

async function load(key) {
  await way(20)
  const value = database.get(key) ?? null
  await way(20)
  return { value }
}

/** By name: creates a cache with `get`, which loads missing entries, and `remove`, which removes a key. */
const caches = {
  async 'cache-manager'() {
    const { createCache } = await import('cache-manager')
    const cache = createCache(mode === 'limited' ? { ttl: TTL_MS } : {})
    return { get: (key) => cache.wrap(key, () => load(key)), remove: (key) => cache.del(key) }
  },
  async 'cache-aside'() {
    const kept = new Map()
    /** By key: the lease of the reader that may fill the cache. A write revokes the lease. */
    const leases = new Map()
    async function get(key) {
      if (kept.has(key)) return kept.get(key)
      const lease = Symbol(key)
      leases.set(key, lease)
      const loaded = await load(key)
      if (mode !== 'leased' || leases.get(key) === lease) kept.set(key, loaded)
      return loaded
    }
    const remove = (key) => {
      kept.delete(key)
      leases.delete(key)
    }
    return { get, remove }
  },
  async 'p-memoize'() {
    const { default: pMemoize } = await import('p-memoize')
    const kept = new Map()
    const cache = {
      has: (key) => kept.has(key),
      get: (key) => kept.get(key),
      delete: (key) => kept.delete(key),
      set(key, value) {
        kept.set(key, value)
        if (mode === 'limited') setTimeout(() => kept.delete(key), TTL_MS)
      },
    }
    const get = pMemoize(load, { cache })
    return { get, remove: (key) => kept.delete(key) }
  },
}

const { get, remove } = await caches[name]()
const [host, port] = listen.split(':')
createServer(async (request, response) => {
  const key = request.url.split('/')[2]
  let body = ''
  for await (const chunk of request) body += chunk
  if (request.method === 'PUT') {
    await way(20)
    database.set(key, JSON.parse(body).name)
    await remove(key)
    return response.end('{}')
  }
  const { value } = await get(key)
  response.end(JSON.stringify({ name: value }))
}).listen(Number(port), host)
