// Sells seats. POST /seats/SHOW sells one seat, or answers 409 if another sale came in between. GET /seats/SHOW returns
// {"sold": N}. A sale watches the number of sold seats in Redis, reads it, and writes the next number in a transaction.
// With SALE=script, a Lua script writes the next number if the number has not changed, and `maxRetriesPerRequest: 0`
// prevents ioredis from sending the script again if its answer is lost.
import { createServer } from 'node:http'
import Redis from 'ioredis'

const isScript = process.env.SALE === 'script'
const options = isScript ? { maxRetriesPerRequest: 0 } : {}
const connected = () => new Redis(process.env.REDIS_URL, options).on('error', () => {})
const reader = connected()
// A connection serves one sale at a time, because WATCH concerns the whole connection.
const idle = Array.from({ length: 4 }, connected)
const waiting = []

const SCRIPT = `if (redis.call('get', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
  redis.call('set', KEYS[1], ARGV[1] + 1) return 1`

async function sell(show) {
  if (isScript) return (await reader.eval(SCRIPT, 1, show, (await reader.get(show)) ?? '0')) === 1
  const redis = idle.pop() ?? (await new Promise((resolve) => waiting.push(resolve)))
  try {
    await redis.watch(show)
    const sold = Number(await redis.get(show))
    const done = await redis
      .multi()
      .set(show, sold + 1)
      .exec()
    return done !== null
  } finally {
    const next = waiting.shift()
    if (next === undefined) idle.push(redis)
    else next(redis)
  }
}

createServer(async ({ method, url }, response) => {
  const show = url.slice('/seats/'.length)
  try {
    if (method === 'POST') response.writeHead((await sell(show)) ? 200 : 409).end()
    else response.end(JSON.stringify({ sold: Number(await reader.get(show)) }))
  } catch {
    response.writeHead(503).end()
  }
}).listen(Number(process.env.PORT))
