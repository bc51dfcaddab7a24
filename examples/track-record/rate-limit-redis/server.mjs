// Logins, of which everybody may make five an hour on all nodes together: POST /logins/NAME answers {"admitted": true}, or false
// with 429. The counts are in Redis.
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import Redis from 'ioredis'
import { RedisStore } from 'rate-limit-redis'

const redis = new Redis(process.env.REDIS_URL)
redis.on('error', () => {})

const limiter = rateLimit({
  windowMs: 3_600_000,
  limit: 5,
  keyGenerator: ({ params }) => params.name,
  handler: (_request, response) => response.status(429).json({ admitted: false }),
  store: new RedisStore({ sendCommand: (...command) => redis.call(...command) }),
})

const app = express()
app.post('/logins/:name', limiter, (_request, response) => response.json({ admitted: true }))
app.listen(Number(process.env.PORT))
