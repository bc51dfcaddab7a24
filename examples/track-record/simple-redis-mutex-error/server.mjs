// Visits, counted in Redis under a lock. POST /visits/PAGE with {"by": 1} adds, GET returns {"count": COUNT}. Answers
// 503 without Redis, or if the lock is not acquired within 200 ms. LOCK=lock: lock() of simple-redis-mutex.
// LOCK=try-lock: its tryLock(), in a loop.
import { createServer } from 'node:http'
import { createClient } from 'redis'
import { lock, tryLock } from 'simple-redis-mutex'

const redis = createClient({ url: process.env.REDIS_URL })
redis.on('error', () => {})
await redis.connect()

async function acquire(page) {
  if (process.env.LOCK !== 'try-lock') return lock(redis, page, { timeout: 5_000, pollingInterval: 20, failAfter: 200 })
  for (let attempt = 0; attempt < 10; attempt++) {
    const [taken, release] = await tryLock(redis, page, { timeout: 5_000 })
    if (taken) return release
    await new Promise((next) => setTimeout(next, 20))
  }
  throw new Error('no lock')
}

async function visit(page, by) {
  const release = await acquire(page)
  try {
    await redis.incrBy(`visits:${page}`, by)
  } finally {
    await release()
  }
}

createServer(async (request, response) => {
  const page = request.url.slice('/visits/'.length)
  try {
    if (request.method === 'GET') {
      return response.end(JSON.stringify({ count: Number(await redis.get(`visits:${page}`)) }))
    }
    let body = ''
    for await (const chunk of request) body += chunk
    await visit(page, JSON.parse(body).by)
    response.end('{}')
  } catch {
    response.writeHead(503).end()
  }
}).listen(Number(process.env.PORT))
