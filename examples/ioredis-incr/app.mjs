// Counts visits in Redis. Usage: app.mjs HOST:PORT REDIS-HOST:PORT resend|once
import { createServer } from 'node:http'
import Redis from 'ioredis'

const [listen = '', redis = '', mode = 'resend'] = process.argv.slice(2)
const [redisHost, redisPort] = redis.split(':')
const client = new Redis({
  host: redisHost,
  port: Number(redisPort),
  // By default, ioredis sends a command again after a reconnect, even if Redis has already executed it.
  ...(mode === 'once' ? { maxRetriesPerRequest: 0 } : {}),
})
client.on('error', () => {})

const server = createServer(async ({ method, url }, response) => {
  try {
    const count = method === 'POST' ? await client.incr(url) : await client.get(url)
    response.end(JSON.stringify({ count: Number(count) }))
  } catch (error) {
    response.writeHead(503).end(error.message)
  }
})
const [host, port] = listen.split(':')
server.listen(Number(port), host)
