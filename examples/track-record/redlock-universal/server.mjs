// Serves shifts in rooms, in each of which at most one person may work at a time. POST /shifts/ROOM takes the lock of
// the room, and works there for 2.5 s, or until the signal reports that the lock is lost. Answers 409 if another holder
// has the lock, and {"kept": false} if two people have ever worked in the room at the same time. TIMEOUT_MS is how long
// the adapter waits for an answer of Redis, in milliseconds.
import { createServer } from 'node:http'
import Redis from 'ioredis'
import { createLock, IoredisAdapter, LockAcquisitionError } from 'redlock-universal'

const redis = new Redis(process.env.REDIS_URL)
redis.on('error', () => {})
const timeout = process.env.TIMEOUT_MS === undefined ? {} : { timeout: Number(process.env.TIMEOUT_MS) }
const adapter = new IoredisAdapter(redis, timeout)
const [TTL_MS, SHIFT_MS, STEP_MS] = [1_300, 2_500, 5]
const later = (ms) => new Promise((next) => setTimeout(next, ms))

let entries = 0
/** Sends the start and the end of a shift to the book of the room until the book answers. Returns its answer. */
async function enter(room, from, to) {
  entries++
  const entry = `${process.env.NODE_ID}-${entries}`
  for (;;) {
    try {
      const answered = await fetch(`${process.env.BOOK_URL}/${room}/${entry}/${from}/${to}`, { method: 'POST' })
      return (await answered.json()).kept
    } catch {
      await later(50)
    }
  }
}

async function shift(room) {
  const lock = createLock({ adapter, key: `room:${room}`, ttl: TTL_MS, retryAttempts: 0 })
  const hours = await lock.using(async (signal) => {
    const from = Date.now()
    while (Date.now() < from + SHIFT_MS && !signal.aborted) await later(STEP_MS)
    return [from, Date.now()]
  })
  return enter(room, ...hours)
}

createServer(async ({ url }, response) => {
  const room = url.slice('/shifts/'.length)
  try {
    const kept = (await enter(room, 0, 0)) && (await shift(room))
    response.end(JSON.stringify({ kept }))
  } catch (error) {
    response.writeHead(error instanceof LockAcquisitionError ? 409 : 503).end()
  }
}).listen(Number(process.env.PORT))
