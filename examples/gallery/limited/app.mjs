// Lets the first client that asks for a name own it. A rate limiter enforces this by allowing one request per name.
// Usage: app.mjs HOST:PORT REDIS-HOST:PORT memory|redis
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import { Redis } from 'ioredis'
import { RedisStore } from 'rate-limit-redis'

const [listen = '', redis = '', mode = 'memory'] = process.argv.slice(2)
const [redisHost, redisPort] = redis.split(':')
const app = express()

function shared() {
  const client = new Redis({ host: redisHost, port: Number(redisPort) })
  return { store: new RedisStore({ sendCommand: (...command) => client.call(...command) }) }
}

const limiter = rateLimit({
  ...{ windowMs: 3_600_000, limit: 1, keyGenerator: ({ params }) => params.name },
  ...(mode === 'redis' ? shared() : {}),
})
app.post('/names/:name', limiter, (_request, response) => response.status(201).json({}))

const [host, port] = listen.split(':')
app.listen(Number(port), host)
