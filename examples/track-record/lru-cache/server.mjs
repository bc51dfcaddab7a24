// Profiles in a database, behind an LRUCache that fetches what it lacks. GET /profiles/ID returns {"name": NAME}; PUT with
// {"name": NAME} changes it in the database, and deletes it from the cache.
import { createServer } from 'node:http'
import { LRUCache } from 'lru-cache'

const database = new Map()
const way = () => new Promise((next) => setTimeout(next, 1 + 3 * Math.random()))

async function load(id) {
  await way()
  const name = database.get(id) ?? null
  await way()
  return { name }
}

const cache = new LRUCache({ max: 100, ttl: 200, fetchMethod: load })

createServer(async (request, response) => {
  const { method, url } = request
  const id = url.slice('/profiles/'.length)
  if (method === 'GET') {
    // A fetch that a deletion aborted has no value: the reader asks again.
    const found = await cache.fetch(id).catch(() => undefined)
    return found === undefined ? response.writeHead(503).end() : response.end(JSON.stringify(found))
  }
  let body = ''
  for await (const chunk of request) body += chunk
  const { name } = JSON.parse(body)
  await way()
  database.set(id, name)
  await way()
  cache.delete(id)
  response.end('{}')
}).listen(Number(process.env.PORT))
