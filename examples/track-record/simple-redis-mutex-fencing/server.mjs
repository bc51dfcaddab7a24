// A leader of each region, elected by a lock in Redis. POST /regions/NAME tries to take the lock of the region, and
// enters this node as leader with the fencing token of the lock. Answers {"entered": true}, or 409 if another node
// holds the lock. Answers {"entered": false} if this node holds the lock but a leader with a higher token was entered
// before. That must never happen, because the last holder has the highest token.
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
