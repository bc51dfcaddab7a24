// Items on three nodes. n1 is the primary: it appends each item to its log and sends it to the replicas.
// "early": the primary replies to a write before it is on disk, and every node serves reads from its own copy.
// "durable": the primary replies once the item is on disk, and the replicas forward reads to it.

import { open, readFile, truncate } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'

const { PORT, NODE_ID, PEERS, PRIMARY, ANSWERS } = process.env
const early = ANSWERS === 'early'
const isPrimary = NODE_ID === 'n1'
const LOG = 'items.jsonl'
const items = new Map<string, unknown>()

const log = isPrimary ? await readFile(LOG, 'utf8').catch(() => '') : ''
const lines = log.slice(0, log.lastIndexOf('\n') + 1)
for (const line of lines.split('\n').slice(0, -1)) items.set(...(JSON.parse(line) as [string, unknown]))
// A power failure may leave an incomplete line, and the next line must not be appended to it.
if (lines !== log) await truncate(LOG, Buffer.byteLength(lines))

/** Writes run one after another, so that the log has them in the order in which they take effect. */
let last: Promise<unknown> = Promise.resolve()

async function append(key: string, item: unknown): Promise<void> {
  const file = await open(LOG, 'a')
  await file.write(`${JSON.stringify([key, item])}\n`)
  await file.sync()
  await file.close()
  items.set(key, item)
}

function write(key: string, item: unknown): Promise<unknown> {
  last = last.then(() => append(key, item))
  return last
}

/** Nobody waits for it. */
function tellOthers(key: string, item: unknown): void {
  const body = JSON.stringify({ item })
  for (const peer of (PEERS ?? '').split(','))
    fetch(`${peer}/copies/${key}`, { method: 'PUT', body, signal: AbortSignal.timeout(500) }).catch(() => {})
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

async function answer(method: string, path: string, body: string): Promise<unknown> {
  const [, place = '', key = ''] = path.split('/')
  if (place === 'copies') return items.set(key, JSON.parse(body).item).size
  if (!isPrimary && (method === 'PUT' || !early)) {
    const reply = await fetch(`${PRIMARY}${path}`, { method, ...(body && { body }), signal: AbortSignal.timeout(400) })
    return reply.json()
  }
  if (method === 'PUT') {
    const { item } = JSON.parse(body)
    if (early) items.set(key, item)
    else await write(key, item)
    if (early) tellOthers(key, item)
  }
  return { item: items.get(key) ?? null }
}

createServer(async (request, response) => {
  try {
    const told = await answer(request.method ?? 'GET', request.url ?? '/', await bodyOf(request))
    response.end(JSON.stringify(told))
  } catch {
    response.writeHead(503).end()
  }
}).listen(Number(PORT))
