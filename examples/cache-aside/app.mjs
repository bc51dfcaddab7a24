// Profiles in a database, behind a cache: whoever finds nothing in the cache reads the database and puts it there;
// whoever writes removes it from the cache. Usage: app.mjs HOST:PORT plain|leased
import { createServer } from 'node:http'

const [listen = '', mode = 'plain'] = process.argv.slice(2)
/** A way over the network: the database is far away, and the cache is not. */
const way = (longestMs) => new Promise((next) => setTimeout(next, Math.random() * longestMs))
const toDatabase = () => way(20)
const toCache = () => way(2)
const database = new Map()
const cache = new Map()
/** By key, who may put something into the cache. Whoever writes takes this away. */
const leases = new Map()

async function read(key) {
  await toCache()
  if (cache.has(key)) return cache.get(key)
  const lease = Symbol(key)
  leases.set(key, lease)
  await toDatabase()
  const value = database.get(key) ?? null
  await toDatabase()
  if (mode === 'plain' || leases.get(key) === lease) cache.set(key, value)
  return value
}

async function write(key, value) {
  await toDatabase()
  database.set(key, value)
  await toCache()
  cache.delete(key)
  leases.delete(key)
}

const [host, port] = listen.split(':')
createServer(async (request, response) => {
  const key = request.url.split('/')[2]
  let body = ''
  for await (const chunk of request) body += chunk
  if (request.method === 'PUT') await write(key, JSON.parse(body).name)
  const name = request.method === 'PUT' ? undefined : await read(key)
  response.end(JSON.stringify({ name }))
}).listen(Number(port), host)
