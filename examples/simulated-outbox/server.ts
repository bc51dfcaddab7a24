// Items on three nodes. n1 keeps them on its disk, and sends each change to the other nodes, which answer reads from
// the changes they have received. "once": n1 sends each change once, and does not wait for it. "outbox": changes stay
// in an outbox, the log on disk, until all other nodes have confirmed them.
import { open, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'

const { PORT, NODE_ID, PEERS = '', OWNER, TELLS } = process.env
const outbox = TELLS === 'outbox'
const isOwner = NODE_ID === 'n1'
const LOG = 'items.jsonl'
type Change = readonly [key: string, item: unknown]

/** On n1: every change. On the others: the changes received so far; with `outbox`, in the order of n1. */
const changes: Change[] = []
const items = new Map<string, unknown>()

function apply(change: Change): void {
  changes.push(change)
  items.set(...change)
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const send = (url: string, method: string, body?: string) =>
  fetch(url, { method, ...(body && { body }), signal: AbortSignal.timeout(300) })

if (isOwner) {
  const lines = await readFile(LOG, 'utf8').catch(() => '')
  for (const line of lines.split('\n').slice(0, -1)) apply(JSON.parse(line))
}

/** Writes run one after another, so that the log has them in the order in which they take effect. */
let last: Promise<unknown> = Promise.resolve()

async function append(change: Change): Promise<void> {
  const file = await open(LOG, 'a')
  await file.write(`${JSON.stringify(change)}\n`)
  await file.sync()
  await file.close()
  apply(change)
  if (!outbox)
    for (const peer of PEERS.split(',')) send(`${peer}/changes/-`, 'POST', JSON.stringify([change])).catch(() => {})
}

function write(change: Change): Promise<unknown> {
  last = last.then(() => append(change))
  return last
}

/** Sends a peer, again and again, all changes that it has not confirmed. */
async function relay(peer: string): Promise<void> {
  for (let confirmed = 0; ; ) {
    try {
      const body = JSON.stringify(changes.slice(confirmed))
      confirmed = Number(await (await send(`${peer}/changes/${confirmed}`, 'POST', body)).text())
    } catch {
      // The next iteration sends these changes to the peer again.
    }
    await wait(confirmed < changes.length ? 5 : 50)
  }
}

/** Takes changes that begin at index `from` of n1's log (`-` if unknown). Returns the number of known changes. */
function hear(from: string, told: readonly Change[]): number {
  if (from === '-') for (const change of told) apply(change)
  else if (Number(from) <= changes.length) for (const change of told.slice(changes.length - Number(from))) apply(change)
  return changes.length
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

async function answer(method: string, path: string, body: string): Promise<unknown> {
  const [, place = '', key = ''] = path.split('/')
  if (place === 'changes') return hear(key, JSON.parse(body))
  if (method === 'PUT' && !isOwner) return (await send(`${OWNER}${path}`, method, body)).json()
  if (method === 'PUT') await write([key, JSON.parse(body).item])
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
if (isOwner && outbox) for (const peer of PEERS.split(',')) void relay(peer)
