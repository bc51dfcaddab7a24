// A service of three processes, with an HTTP interface of its own: items with values inside JSON bodies, and ETags.
// Usage: service.mjs HOST:PORT PRIMARY|- REPLICAS|- local|primary
// A process without PRIMARY is the primary itself, and sends each write to the replicas 25 ms later. A replica answers
// reads from its own copy (`local`), or forwards them to the primary.
import { createServer } from 'node:http'

const [listen = '', primary = '-', replicas = '-', reads = 'local'] = process.argv.slice(2)
const DELAY_MS = 25
const isPrimary = primary === '-'
/** By id: the value of the item, and the number of its writes. */
const items = new Map()

const bodyOf = async (message) => {
  let text = ''
  for await (const chunk of message) text += chunk
  return text
}

const tagOf = (item) => `"${item.version}"`

function answer(response, status, item) {
  if (item === undefined) response.writeHead(status).end()
  else
    response
      .writeHead(status, { ETag: tagOf(item), 'Content-Type': 'application/json' })
      .end(JSON.stringify({ data: { value: item.value } }))
}

function put(id, value) {
  const item = { value, version: (items.get(id)?.version ?? 0) + 1 }
  items.set(id, item)
  for (const replica of replicas === '-' ? [] : replicas.split(','))
    setTimeout(
      () => fetch(`http://${replica}/replicate/${id}`, { method: 'PUT', body: JSON.stringify(item) }).catch(() => {}),
      DELAY_MS,
    )
  return item
}

async function forward(request, response, body) {
  const { method, url, headers } = request
  const match = headers['if-match']
  try {
    const reply = await fetch(`http://${primary}${url}`, {
      method,
      ...(method === 'GET' ? {} : { body }),
      headers: match === undefined ? {} : { 'If-Match': match },
      signal: AbortSignal.timeout(4_000),
    })
    const tag = reply.headers.get('etag')
    response.writeHead(reply.status, tag === null ? {} : { ETag: tag }).end(await reply.text())
  } catch {
    response.writeHead(504).end()
  }
}

const server = createServer(async (request, response) => {
  const { method = '', url = '' } = request
  const body = await bodyOf(request)
  const id = url.split('/')[3] ?? ''
  if (url.startsWith('/replicate/')) {
    const item = JSON.parse(body)
    const replicated = url.slice('/replicate/'.length)
    if ((items.get(replicated)?.version ?? 0) < item.version) items.set(replicated, item)
    response.writeHead(204).end()
  } else if (url === '/health') response.end('ok')
  else if (method === 'GET' && (isPrimary || reads === 'local'))
    answer(response, items.has(id) ? 200 : 404, items.get(id))
  else if (!isPrimary) await forward(request, response, body)
  else if (url.endsWith('/swap')) {
    const { from, to } = JSON.parse(body)
    if ((items.get(id)?.value ?? null) === from) answer(response, 200, put(id, to))
    else response.writeHead(409).end()
  } else {
    const match = request.headers['if-match']
    const item = items.get(id)
    if (match !== undefined && (item === undefined || match !== tagOf(item))) response.writeHead(412).end()
    else answer(response, 200, put(id, JSON.parse(body).data?.value ?? null))
  }
})
const colon = listen.lastIndexOf(':')
server.listen(Number(listen.slice(colon + 1)), listen.slice(0, colon), () =>
  console.log(`listens at ${server.address().port}`),
)
