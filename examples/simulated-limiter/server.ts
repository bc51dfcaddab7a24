// Logins, at most five an hour for each name: POST /logins/NAME returns {"admitted": true}, or false with 429. Several
// nodes share the counts, which are in Redis. "hasty": a node reads the count, decides, and then adds to it. "careful":
// a node adds to the count, and decides by the result.
import { createServer } from 'node:http'
import Redis from 'ioredis'

const careful = process.env['LIMITER'] === 'careful'
const [MOST, WINDOW_SECONDS] = [5, 3_600]
const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://localhost:6379')

async function isAdmitted(name: string): Promise<boolean> {
  const key = `logins:${name}`
  if (careful) {
    const [added] = (await redis.multi().incr(key).expire(key, WINDOW_SECONDS, 'NX').exec()) ?? []
    return Number(added?.[1]) <= MOST
  }
  if (Number(await redis.get(key)) >= MOST) return false
  if ((await redis.incr(key)) === 1) await redis.expire(key, WINDOW_SECONDS)
  return true
}

createServer(async ({ url = '' }, response) => {
  try {
    const admitted = await isAdmitted(url.slice('/logins/'.length))
    response.writeHead(admitted ? 200 : 429).end(JSON.stringify({ admitted }))
  } catch {
    response.writeHead(503).end()
  }
}).listen(Number(process.env['PORT']))
