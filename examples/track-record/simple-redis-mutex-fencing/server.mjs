// A leader of each region, elected by a lock in Redis: POST /regions/NAME tries to take the lock of the region, and enters the
// caller as its leader by the fencing token of the lock. Answers {"entered": true}, 409 if another has the lock, and
// {"entered": false} if the lock is the caller's own and an entry with a higher token was there before. That may never be: who
// took the lock last has the highest token.
import { createServer } from 'node:http'
import { createClient } from 'redis'
import { acquire, enter } from './regions.mjs'

const redis = createClient({ url: process.env.REDIS_URL })
redis.on('error', () => {})
await redis.connect()

async function lead(region) {
  const lock = await acquire(redis, region)
  if (lock === undefined) return undefined
  const entered = await enter(redis, region, lock, process.env.NODE_ID ?? String(process.pid))
  await lock.release()
  return entered === 0 ? undefined : entered === 1
}

createServer(async ({ url }, response) => {
  try {
    const entered = await lead(url.slice('/regions/'.length))
    response.writeHead(entered === undefined ? 409 : 200).end(JSON.stringify({ entered }))
  } catch {
    response.writeHead(503).end()
  }
}).listen(Number(process.env.PORT))
