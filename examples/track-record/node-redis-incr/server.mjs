// Counts visits in Redis. POST /visits/PAGE adds one by INCR, GET /visits/PAGE tells how many there were.
import { createServer } from 'node:http'
import { createClient } from 'redis'

const redis = createClient({ url: process.env.REDIS_URL })
redis.on('error', () => {})
redis.connect().catch(() => {})

createServer(async ({ method, url }, response) => {
  const page = url.slice('/visits/'.length)
  try {
    if (method === 'POST') response.end(`${await redis.incr(page)}`)
    else response.end(JSON.stringify({ count: Number(await redis.get(page)) }))
  } catch {
    response.writeHead(503).end()
  }
}).listen(Number(process.env.PORT))
