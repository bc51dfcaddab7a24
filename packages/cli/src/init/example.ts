/** The service of `chaos init --example`: a key-value store on several nodes, in one file that needs only Node. */
export const EXAMPLE_FILE = 'service.mjs'

export const EXAMPLE_SERVICE = `// Items, on several nodes: GET and PUT /items/KEY with {"item": VALUE}.
// The first node is the primary: it appends each item to a log before it responds, and the others copy its items. They
// forward writes to the primary; they serve reads from their copy ("local"), or ask the primary ("primary").
// Usage: service.mjs HOST:PORT PRIMARY-HOST:PORT DATA-DIRECTORY primary|local
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const [listen, primary, data, reads] = process.argv.slice(2)
const isPrimary = listen === primary
const log = join(data, 'items.jsonl')
const items = new Map(existsSync(log) ? readFileSync(log, 'utf8').trim().split('\\n').map((line) => JSON.parse(line)) : [])

async function ask(method, path, body) {
  const reply = await fetch(\`http://\${primary}\${path}\`, { method, body, signal: AbortSignal.timeout(1_000) })
  return [reply.status, await reply.text()]
}

async function answer(method, path, body) {
  const key = path.split('/')[2]
  if (!isPrimary && (method === 'PUT' || reads === 'primary')) return ask(method, path, body || undefined)
  if (method === 'PUT') {
    const { item } = JSON.parse(body)
    appendFileSync(log, JSON.stringify([key, item]) + '\\n')
    items.set(key, item)
  }
  return items.has(key) ? [200, JSON.stringify({ item: items.get(key) })] : [404, '']
}

// The other nodes fetch all items from the primary ten times a second.
if (!isPrimary)
  setInterval(async () => {
    const all = await ask('GET', '/all').catch(() => [])
    if (all[0] === 200) for (const [key, item] of JSON.parse(all[1])) items.set(key, item)
  }, 100)

const [host, port] = listen.split(':')
createServer(async (request, response) => {
  const { method, url } = request
  let body = ''
  for await (const chunk of request) body += chunk
  const [status, text] = url === '/all' ? [200, JSON.stringify([...items])] : await answer(method, url, body).catch(() => [504, ''])
  response.writeHead(status).end(text)
}).listen(Number(port), host)
`
