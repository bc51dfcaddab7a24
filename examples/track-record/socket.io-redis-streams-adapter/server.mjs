// A chat over socket.io. Each node has one browser. POST /rooms/ROOM with {"said": N} sends N to the browsers of all
// nodes. GET /rooms/ROOM returns what this node's browser has heard: {"heard": [N, …]}. Messages between nodes go
// through a stream in Redis.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { createAdapter } from '@socket.io/redis-streams-adapter'
import Redis from 'ioredis'
import { Server } from 'socket.io'
import { io as browser } from 'socket.io-client'

const port = Number(process.env.PORT)
// Commands do not fail while Redis is unreachable, but wait.
const redis = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null })
redis.on('error', () => {})
if (process.env.READERS === 'from-first') startFromFirst(redis)

/** The cure: a reader that has read nothing yet begins at a fixed entry, here the first, and not at '$' each time. */
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
// The HTTP server to which this node's browser connects.
const inner = createServer()
const io = new Server(inner, { adapter: createAdapter(redis) })

// This node takes requests only after its readers of the Redis stream have begun and its browser is connected.
await wait(2_000)
await new Promise((resolve) => inner.listen(0, '127.0.0.1', resolve))
const socket = browser(`http://127.0.0.1:${inner.address().port}`, { transports: ['websocket'] })
socket.on('said', (room, said) => heardIn(room).add(said))
await once(socket, 'connect')
// A browser hears nothing that was said before it connected, so requests are taken once every node's browser is
// connected.
await redis.sadd('connected', socket.id)
while (Number(await redis.scard('connected')) < Number(process.env.NODES ?? 1)) await wait(10)
http.listen(port)
