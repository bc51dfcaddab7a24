// A document of Automerge on each node, which is sent whole to the others every 50 ms.
import { createServer } from 'node:http'
import * as Automerge from '@automerge/automerge'

const { NODE_ID, PEERS, PORT } = process.env
let doc = Automerge.init({ actor: NODE_ID === 'n1' ? 'aa' : 'bb' })

setInterval(() => {
  const body = Automerge.save(doc)
  for (const peer of PEERS.split(',')) fetch(`${peer}/merge`, { method: 'PUT', body }).catch(() => {})
}, 50)

// GET /sets/NAME returns the members of the document, POST adds one.
createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  if (request.method === 'PUT') doc = Automerge.merge(doc, Automerge.load(new Uint8Array(body)))
  else if (request.method === 'POST')
    doc = Automerge.change(doc, (draft) => {
      draft[JSON.parse(String(body)).value] = true
    })
  response.end(JSON.stringify({ items: Object.keys(doc).map(Number) }))
}).listen(Number(PORT))
