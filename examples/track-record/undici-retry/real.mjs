// Express serves a page of 400 KB, and undici's RetryAgent fetches it. The connection breaks in the middle of the page,
// and the next edition replaces the page before the agent requests the rest. Usage: real.mjs [cured]
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { Agent, fetch, RetryAgent } from 'undici'

const dir = mkdtempSync(join(tmpdir(), 'real-'))
const print = (edition) => writeFileSync(join(dir, 'page'), `${edition}`.padStart(9).concat('\n').repeat(40_000))
const setHeaders = (response, path) =>
  response.set('ETag', `"${createHash('sha1').update(readFileSync(path)).digest('hex')}"`)
const site = express().use(express.static(dir, process.argv[2] === 'cured' ? { etag: false, setHeaders } : {}))
const server = site.listen(0, '127.0.0.1')
await once(server, 'listening')

// A proxy between client and server, whose first connection breaks after 200 KB.
let connections = 0
const between = createServer((client) => {
  connections++
  const breaks = connections === 1
  const upstream = connect(server.address().port, '127.0.0.1')
  for (const socket of [client, upstream]) socket.on('error', () => {})
  client.pipe(upstream)
  let passed = 0
  upstream.on('data', (chunk) => {
    if (breaks && passed > 200_000) return
    passed += chunk.length
    client.write(chunk, () => {
      if (!breaks || passed <= 200_000) return
      print(2)
      client.destroy()
      upstream.destroy()
    })
  })
  upstream.on('end', () => client.end())
}).listen(0, '127.0.0.1')
await once(between, 'listening')

print(1)
const dispatcher = new RetryAgent(new Agent())
const answer = await fetch(`http://127.0.0.1:${between.address().port}/page`, { dispatcher })
const read = await answer.text().catch((error) => error)
if (read instanceof Error) {
  console.log(`refused: ${read.cause?.message ?? read.message}`)
  process.exit(0)
}
const editions = [...new Set(read.trim().split('\n').map(Number))]
if (editions.length === 1) process.exit(0)
console.log(
  `shown: status ${answer.status}, ${read.length} bytes, with lines of the editions ${editions.join(' and ')}`,
)
process.exit(1)
