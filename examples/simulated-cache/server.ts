// Profiles behind a cache. GET /profiles/ID returns {"name": NAME}; PUT /profiles/ID with {"name": NAME} changes it.
// "aside": a reader that misses the cache reads the database and fills the cache; a writer writes the database and removes the
// entry. "leased": a reader fills the cache only if no writer has been there since it missed.
import { createServer, type IncomingMessage } from 'node:http'

const leased = process.env['CACHE'] === 'leased'
const cache = new Map<string, unknown>()
const database = new Map<string, unknown>()

/** Does the work in the database, a separate process that answers after some milliseconds. */
const inDatabase = <T>(work: () => T): Promise<T> =>
  new Promise((resolve) => setTimeout(() => setTimeout(resolve, 1 + 3 * Math.random(), work()), 1 + 3 * Math.random()))

/** By profile: the number of writes in progress, and of all writes so far. */
const writers = new Map<string, { open: number; ever: number }>()
const writersOf = (id: string) => {
  const found = writers.get(id) ?? { open: 0, ever: 0 }
  writers.set(id, found)
  return found
}

async function read(id: string): Promise<unknown> {
  if (cache.has(id)) return cache.get(id)
  const before = { ...writersOf(id) }
  const name = await inDatabase(() => database.get(id) ?? null)
  const now = writersOf(id)
  if (!leased || (before.open === 0 && now.ever === before.ever)) cache.set(id, name)
  return name
}

async function write(id: string, name: unknown): Promise<void> {
  const mine = writersOf(id)
  mine.open++
  mine.ever++
  if (leased) cache.delete(id)
  await inDatabase(() => database.set(id, name))
  mine.open--
  cache.delete(id)
}

async function bodyOf(request: IncomingMessage): Promise<{ readonly name?: unknown }> {
  let body = ''
  for await (const chunk of request) body += chunk
  return JSON.parse(body === '' ? '{}' : body)
}

createServer(async (request, response) => {
  const id = (request.url ?? '').slice('/profiles/'.length)
  const { name } = await bodyOf(request)
  if (request.method === 'PUT') await write(id, name)
  response.end(JSON.stringify({ name: request.method === 'PUT' ? name : await read(id) }))
}).listen(Number(process.env['PORT']))
