// Counters behind a lock with a lease, as a user might write them. n1 stores the locks and the counters. Every node
// adds for clients: it takes the lock, reads, works for a while, writes and releases the lock. A lock ends with its
// lease, by the clock of n1. With --fencing, the store refuses a token that is older than one it has seen.
import { createServer, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: {
    listen: { type: 'string' },
    peer: { type: 'string' },
    store: { type: 'string' },
    fencing: { type: 'string', default: 'false' },
  },
})
const LEASE_MS = 10_000
const WORK_MS = 60
const PATIENCE_MS = 1_000

const locks = new Map()
const counters = new Map()
let tokens = 0

function acquire(key) {
  const held = locks.get(key)
  if (held !== undefined && held.until > Date.now()) return undefined
  locks.set(key, { token: ++tokens, until: Date.now() + LEASE_MS })
  return { token: tokens }
}

/**
 * Returns the counter, or undefined if the token is refused. A read also makes older tokens invalid, because its caller
 * then writes the counter.
 */
function counterOf(key, token) {
  const counter = counters.get(key) ?? { count: 0, token: 0 }
  counters.set(key, counter)
  if (token === undefined) return counter
  if (options.fencing === 'true' && token < counter.token) return undefined
  counter.token = Math.max(counter.token, token)
  return counter
}

const served = {
  acquire: ({ key }) => acquire(key),
  release({ key, token }) {
    if (locks.get(key)?.token === token) locks.delete(key)
    return {}
  },
  read: ({ key, token }) => counterOf(key, token),
  write({ key, token, count }) {
    const counter = counterOf(key, token)
    if (counter !== undefined) counter.count = count
    return counter
  },
}

/** Sends a request to the store. Returns undefined if the store refuses it. */
function ask(what, body) {
  return new Promise((resolve, reject) => {
    const asked = request(`http://${options.store}/${what}`, { method: 'POST' }, async (response) => {
      const text = await textOf(response)
      if (response.statusCode === 200) resolve(JSON.parse(text))
      else resolve(undefined)
    })
    asked.on('error', reject)
    asked.end(JSON.stringify(body))
  })
}

async function add(key, amount) {
  const deadline = performance.now() + PATIENCE_MS
  let lock = await ask('acquire', { key })
  while (lock === undefined) {
    if (performance.now() > deadline) return false
    await wait(5)
    lock = await ask('acquire', { key })
  }
  const { token } = lock
  const counter = await ask('read', { key, token })
  await wait(WORK_MS)
  const written = counter && (await ask('write', { key, token, count: counter.count + amount }))
  await ask('release', { key, token })
  return written !== undefined
}

async function textOf(stream) {
  let text = ''
  for await (const part of stream) text += part
  return text
}

const listen = (address, answer) => {
  const [host, port] = address.split(':')
  createServer(async (asked, response) => {
    try {
      const body = await textOf(asked)
      const answered = await answer(asked, body === '' ? {} : JSON.parse(body))
      response.writeHead(answered === undefined ? 409 : 200).end(JSON.stringify(answered ?? {}))
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  }).listen(Number(port), host)
}

listen(options.peer, ({ url }, body) => served[url.slice(1)](body))
listen(options.listen, async ({ method, url }, { amount }) => {
  const key = url.split('/').at(-1)
  if (method === 'GET') return ask('read', { key })
  return (await add(key, amount)) ? {} : undefined
})
