import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { lines, open, storageIn } from './editor.mjs'

const storage = storageIn(new Redis(process.env.REDIS_URL).on('error', () => {}))
const { hostname: host, port } = new URL(process.env.REDIS_URL)
const { edit } = open({
  host,
  port: Number(port),
  storage,
  isCured: process.env.CURED === 'yes',
  // The Redis extension waits `disconnectDelay` milliseconds for messages of other instances before it unloads a
  // document. These messages arrive within 20 ms. `edit` returns only once its document is unloaded, so a longer delay
  // would only slow down the edits.
  options: { disconnectDelay: 100 },
})

createServer(async ({ method, url }, response) => {
  const name = url.split('/')[2]
  try {
    if (method === 'POST') await edit(name, randomUUID())
    response.end(JSON.stringify(method === 'POST' ? {} : { lines: lines(await storage.load(name)) }))
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(Number(process.env.PORT))
