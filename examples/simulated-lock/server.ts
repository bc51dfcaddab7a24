// Visits, counted by three nodes: POST /visits/PAGE with {"by": 1} adds, GET /visits/PAGE returns {"count": COUNT}. A node takes
// the lock of the page, reads the count, renders the page, and writes the new count. n1 also is the store, a stand-in for Redis:
// its locks expire, as SET NX PX does. "fenced": each holder has a number higher than any before, and the store refuses those
// who come with a lower one than it has seen.
import { createServer, type IncomingMessage } from 'node:http'

const fenced = process.env['LOCK'] === 'fenced'
const STORE = `http://n1:${process.env['PORT']}/store`
const TTL_MS = 50

interface Page {
  count: number
  holder: number | undefined
  until: number
  /** The highest number seen from a holder. */
  fence: number
}
const pages = new Map<string, Page>()
let lastHolder = 0

interface Asked {
  readonly holder?: number
  readonly count?: number
}

/** What the store does, at once: undefined refuses. */
function store(what: string, key: string, { holder = 0, count = 0 }: Asked): number | undefined {
  const page = pages.get(key) ?? { count: 0, holder: undefined, until: 0, fence: 0 }
  pages.set(key, page)
  switch (what) {
    case 'lock':
      if (page.holder !== undefined && Date.now() < page.until) return undefined
      lastHolder++
      page.holder = lastHolder
      page.until = Date.now() + TTL_MS
      return lastHolder
    case 'unlock':
      if (page.holder === holder) page.holder = undefined
      return holder
    case 'look':
      return page.count
    default:
      if (fenced && holder < page.fence) return undefined
      page.fence = Math.max(page.fence, holder)
      if (what === 'set') page.count = count
      return page.count
  }
}

async function ask(what: string, key: string, asked: Asked = {}): Promise<number | undefined> {
  const body = JSON.stringify(asked)
  const reply = await fetch(`${STORE}/${what}/${key}`, { method: 'POST', body, signal: AbortSignal.timeout(800) })
  return reply.status === 200 ? Number(await reply.text()) : undefined
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Whether the visit was counted. */
async function visit(key: string, by: number): Promise<boolean> {
  let holder = await ask('lock', key)
  while (holder === undefined) {
    await wait(20)
    holder = await ask('lock', key)
  }
  const count = await ask('get', key, { holder })
  await wait(3)
  const set = count === undefined ? undefined : await ask('set', key, { holder, count: count + by })
  await ask('unlock', key, { holder })
  return set !== undefined
}

async function bodyOf(request: IncomingMessage): Promise<{ readonly by?: number } & Asked> {
  let body = ''
  for await (const chunk of request) body += chunk
  return JSON.parse(body === '' ? '{}' : body)
}

createServer(async (request, response) => {
  const [, place, ...rest] = (request.url ?? '').split('/')
  try {
    const body = await bodyOf(request)
    if (place === 'store') {
      const [what = '', key = ''] = rest
      const told = store(what, key, body)
      response.writeHead(told === undefined ? 409 : 200).end(String(told))
      return
    }
    const [key = ''] = rest
    if (request.method === 'POST') response.writeHead((await visit(key, body.by ?? 1)) ? 200 : 409).end('{}')
    else response.end(JSON.stringify({ count: await ask('look', key) }))
  } catch {
    response.writeHead(503).end()
  }
}).listen(Number(process.env['PORT']))
