import { createServer } from 'node:http'

// Serves documents with ETags: node etag-service.mjs PORT MODE. With `ignores`, writes ignore If-Match. With `stale`,
// some reads return the version before the newest one.

const [port, mode] = process.argv.slice(2)
const documents = new Map()
let writes = 0

createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const current = documents.get(request.url)
  if (request.method === 'PUT') {
    const expected = request.headers['if-match']
    if (expected !== undefined && expected !== current?.tag && mode !== 'ignores') {
      response.writeHead(412).end()
      return
    }
    writes++
    const tag = `"${writes}"`
    documents.set(request.url, { tag, body, before: current })
    response.setHeader('ETag', tag).end()
    return
  }
  const shown = mode === 'stale' && writes % 4 === 0 ? (current?.before ?? current) : current
  if (shown === undefined) response.writeHead(404).end()
  else response.setHeader('ETag', shown.tag).end(shown.body)
}).listen(Number(port), '127.0.0.1')
