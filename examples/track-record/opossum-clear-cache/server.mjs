// Profiles in a database, behind a circuit breaker that caches. GET /profiles/ID returns {"name": NAME}; PUT with
// {"name": NAME} changes it in the database, and clears the breaker's cache. CACHE=ttl: entries of the cache expire
// after 20 ms, and a change is confirmed once all older entries have expired.
import { createServer } from 'node:http'
import CircuitBreaker from 'opossum'

const TTL_MS = process.env.CACHE === 'ttl' ? 20 : 0
const database = new Map()
const way = () => new Promise((next) => setTimeout(next, 1 + 3 * Math.random()))

async function load(id) {
  await way()
  const name = database.get(id) ?? null
  await way()
  return { name }
}

const breaker = new CircuitBreaker(load, { timeout: 10, cache: true, cacheTTL: TTL_MS, cacheGetKey: (id) => id })

createServer(async (request, response) => {
  const { method, url } = request
  const id = url.slice('/profiles/'.length)
  if (method === 'GET') {
    const found = await breaker.fire(id).catch(() => undefined)
    return found === undefined ? response.writeHead(503).end() : response.end(JSON.stringify(found))
  }
  let body = ''
  for await (const chunk of request) body += chunk
  const { name } = JSON.parse(body)
  await way()
  database.set(id, name)
  breaker.clearCache()
  // A load that began before the change may take 10 ms, and its result is then cached for the time to live.
  if (TTL_MS > 0) await new Promise((next) => setTimeout(next, 10 + TTL_MS + 1))
  response.end('{}')
}).listen(Number(process.env.PORT))
