// Visits, counted by three nodes: POST /visits/PAGE with {"by": 1} adds, GET /visits/PAGE returns {"count": COUNT}. A
// node takes the lock of the page in Redis, reads the count, renders the page, and writes the new count. "fenced": each
// holder gets a higher number than all earlier holders, and can no longer read or write once a higher number was used.
import express from 'express'
import Redis from 'ioredis'

const fenced = process.env['LOCK'] === 'fenced'
const TTL_MS = 50
const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://localhost:6379', { autoResendUnfulfilledCommands: false })
redis.on('error', () => {})

const SCRIPTS = {
  // A number is refused once a higher one has been seen.
  look: `if tonumber(ARGV[1]) < tonumber(redis.call('get', KEYS[2]) or '0') then return false end
    redis.call('set', KEYS[2], ARGV[1]) return redis.call('get', KEYS[1]) or '0'`,
  change: `if tonumber(ARGV[1]) < tonumber(redis.call('get', KEYS[2]) or '0') then return 0 end
    redis.call('set', KEYS[2], ARGV[1]) redis.call('set', KEYS[1], ARGV[2]) return 1`,
  unlock: `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`,
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const render = () => wait(3)
let locked = 0

/** Acquires the lock of a page, and returns a function that releases it. */
async function lock(page: string): Promise<() => Promise<unknown>> {
  locked++
  const holder = `${process.env['NODE_ID'] ?? process.pid}-${locked}`
  while ((await redis.set(`lock:${page}`, holder, 'PX', TTL_MS, 'NX')) === null) await wait(20)
  return () => redis.eval(SCRIPTS.unlock, 1, `lock:${page}`, holder)
}

/** Whether the visit was counted. */
async function visit(page: string, by: number): Promise<boolean> {
  const [key, fence] = [`visits:${page}`, `fence:${page}`]
  const unlock = await lock(page)
  try {
    if (!fenced) {
      const count = Number(await redis.get(key))
      await render()
      await redis.set(key, count + by)
      return true
    }
    const number = await redis.incr('holders')
    const count = await redis.eval(SCRIPTS.look, 2, key, fence, number)
    if (count === null) return false
    await render()
    return (await redis.eval(SCRIPTS.change, 2, key, fence, number, Number(count) + by)) === 1
  } finally {
    await unlock()
  }
}

const app = express()
app.use(express.json())

app.post('/visits/:page', async (request, response) => {
  response.status((await visit(request.params.page, request.body.by)) ? 200 : 409).end()
})

app.get('/visits/:page', async (request, response) => {
  response.json({ count: Number(await redis.get(`visits:${request.params.page}`)) })
})

app.listen(Number(process.env['PORT']))
