// A key-value service of three processes, as a user of chaos might write it. The primary sends each write to the
// replicas, and then answers; with --async, it answers first. Replicas forward writes to the primary. The command line
// names the primary. Each process keeps its data in one file. The service does not depend on chaos.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

// Without a handler, the first process of a container ignores SIGTERM, and a stop of the container would wait for it.
process.on('SIGTERM', () => process.exit(0))

const { values: options } = parseArgs({
  options: {
    name: { type: 'string' },
    listen: { type: 'string' },
    peer: { type: 'string' },
    data: { type: 'string' },
    primary: { type: 'string', default: 'n1' },
    peers: { type: 'string', default: '' },
    async: { type: 'boolean', default: false },
    local: { type: 'boolean', default: false },
  },
})
const file = join(options.data, 'data.json')
const data = new Map(existsSync(file) ? Object.entries(JSON.parse(readFileSync(file, 'utf8'))) : [])
const peers = new Map(
  options.peers
    .split(',')
    .filter(Boolean)
    .map((peer) => peer.split('=')),
)
const leads = options.name === options.primary

const bodyOf = async (stream) => {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

function call(address, path, body) {
  return new Promise((resolve, reject) => {
    const asked = request(`http://${address}${path}`, { method: 'POST' }, async (response) => {
      const text = await bodyOf(response)
      if (response.statusCode === 200) resolve(text)
      else reject(new Error(`${response.statusCode} ${text}`))
    })
    asked.on('error', reject)
    asked.end(JSON.stringify(body))
  })
}

function store(key, value) {
  data.set(key, value)
  // The rename replaces the file in one step. A kill during a direct write would leave an incomplete file.
  writeFileSync(`${file}.new`, JSON.stringify(Object.fromEntries(data)))
  renameSync(`${file}.new`, file)
}

// Writes are executed one after another, so replicas get them in the primary's order.
let last = Promise.resolve()
function write(key, value) {
  const done = last.then(async () => {
    store(key, value)
    const replicated = [...peers.values()].map((address) => call(address, '/replicate', { key, value }))
    if (options.async) for (const each of replicated) each.catch(() => {})
    else await Promise.all(replicated)
  })
  last = done.catch(() => {})
  return done
}

const answer = (response, status, body) =>
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))

const clients = createServer(async (message, response) => {
  const { pathname } = new URL(message.url, 'http://localhost')
  if (pathname === '/health') return answer(response, 200, { ok: true })
  if (pathname === '/role') return answer(response, 200, { role: leads ? 'primary' : 'replica' })
  const key = decodeURIComponent(pathname.slice('/items/'.length))
  try {
    if (message.method === 'PUT') {
      const { item } = JSON.parse(await bodyOf(message))
      if (leads) await write(key, item)
      else await call(peers.get(options.primary), '/write', { key, value: item })
      return answer(response, 200, {})
    }
    if (leads || options.local) return answer(response, 200, { item: data.get(key) ?? null })
    answer(response, 200, JSON.parse(await call(peers.get(options.primary), '/read', { key })))
  } catch (error) {
    answer(response, 500, { error: error.message })
  }
})

const nodes = createServer(async (message, response) => {
  const { key, value } = JSON.parse(await bodyOf(message))
  try {
    if (message.url === '/replicate') store(key, value)
    else if (message.url === '/write') await write(key, value)
    else return answer(response, 200, { item: data.get(key) ?? null })
    answer(response, 200, {})
  } catch (error) {
    answer(response, 500, { error: error.message })
  }
})

const at = (address) => ({ host: address.split(':')[0], port: Number(address.split(':')[1]) })
nodes.listen(at(options.peer), () => clients.listen(at(options.listen), () => console.log(`${options.name} serves`)))
