// A chat over socket.io. POST /rooms/ROOM with {"said": N} tells everybody on all nodes; GET /rooms/ROOM returns what the browser
// that is connected to this node has heard: {"heard": [N, …]}. Messages between nodes go through a stream in Redis.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { createAdapter } from '@socket.io/redis-streams-adapter'
import Redis from 'ioredis'
import { Server } from 'socket.io'
import { io as browser } from 'socket.io-client'

const port = Number(process.env.PORT)
// No command is given up while Redis cannot be reached.
const redis = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null })
redis.on('error', () => {})
if (process.env.READERS === 'from-first') startFromFirst(redis)

/** The cure: before they have read anything, readers begin at a fixed entry, here the first, and not at '$' each time. */
function startFromFirst(client) {
  const { duplicate } = client
  client.duplicate = () => {
    const reader = duplicate.call(client)
    const { xread } = reader
    reader.xread = (...asked) => xread.apply(reader, asked.at(-1) === '$' ? [...asked.slice(0, -1), '0-0'] : asked)
    return reader
  }
}

const heard = new Map()
const heardIn = (room) => heard.get(room) ?? heard.set(room, new Set()).get(room)

const http = createServer(async (request, response) => {
  const room = request.url.slice('/rooms/'.length)
  if (request.method === 'GET') return response.end(JSON.stringify({ heard: [...heardIn(room)] }))
  let body = ''
  for await (const chunk of request) body += chunk
  io.emit('said', room, JSON.parse(body).said)
  response.end()
})
// For the browser of this node.
const inner = createServer()
const io = new Server(inner, { adapter: createAdapter(redis) })

// Its readers of the stream have begun, and its browser is connected, before it takes requests.
await wait(2_000)
await new Promise((resolve) => inner.listen(0, '127.0.0.1', resolve))
const socket = browser(`http://127.0.0.1:${inner.address().port}`, { transports: ['websocket'] })
socket.on('said', (room, said) => heardIn(room).add(said))
await once(socket, 'connect')
// Whoever connects later hears nothing of what was said before: requests are taken once every node has its browser.
await redis.sadd('connected', socket.id)
while (Number(await redis.scard('connected')) < Number(process.env.NODES ?? 1)) await wait(10)
http.listen(port)
