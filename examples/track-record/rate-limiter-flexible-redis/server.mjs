// Logins, of which everybody may make five an hour on all nodes together: POST /logins/NAME answers {"admitted": true}, or false
// with 429. The counts are in Redis.
import { createServer } from 'node:http'
import Redis from 'ioredis'
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'

const redis = new Redis(process.env.REDIS_URL)
redis.on('error', () => {})
const limiter = new RateLimiterRedis({ points: 5, duration: 3_600, storeClient: redis })

createServer(async ({ url }, response) => {
  try {
    await limiter.consume(url.slice('/logins/'.length))
    response.end(JSON.stringify({ admitted: true }))
  } catch (refused) {
    const status = refused instanceof RateLimiterRes ? 429 : 503
    response.writeHead(status).end(JSON.stringify({ admitted: false }))
  }
}).listen(Number(process.env.PORT))
