// Counts visits: reads the count, adds one, writes it, under a Redlock. Usage: app.mjs HOST:PORT REDIS-HOST:PORT plain|fenced steady|pausing
import { createServer } from 'node:http'
import Redis from 'ioredis'
import Redlock from 'redlock'

const [listen = '', redis = '', mode = 'plain', temper = 'steady'] = process.argv.slice(2)
const [redisHost, redisPort] = redis.split(':')
const client = new Redis({ host: redisHost, port: Number(redisPort) })
const redlock = new Redlock([client], { retryCount: 100, retryDelay: 20, retryJitter: 10 })
const LEASE_MS = 1_000

// A token is refused once a later one has been seen: whoever held the lock before holds it no more.
client.defineCommand('readFenced', {
  numberOfKeys: 2,
  lua: `if tonumber(ARGV[1]) < tonumber(redis.call('get', KEYS[2]) or '0') then return redis.error_reply('STALE') end
    redis.call('set', KEYS[2], ARGV[1]) return redis.call('get', KEYS[1])`,
})
client.defineCommand('writeFenced', {
  numberOfKeys: 2,
  lua: `if tonumber(ARGV[1]) < tonumber(redis.call('get', KEYS[2]) or '0') then return redis.error_reply('STALE') end
    redis.call('set', KEYS[2], ARGV[1]) return redis.call('set', KEYS[1], ARGV[2])`,
})

/** What a garbage collector, a hypervisor or a swapping machine does: nothing runs here for a while. */
const stopTheWorld = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
let visits = 0

async function visit() {
  const lock = await redlock.lock('lock:visits', LEASE_MS)
  try {
    const token = mode === 'fenced' ? await client.incr('fence') : 0
    const read = mode === 'fenced' ? await client.readFenced('visits', 'seen', token) : await client.get('visits')
    visits++
    if (temper === 'pausing' && visits === 5) stopTheWorld(2 * LEASE_MS)
    const count = Number(read) + 1
    if (mode === 'fenced') await client.writeFenced('visits', 'seen', token, count)
    else await client.set('visits', count)
  } finally {
    // Fails if the lease is over, which nobody here notices.
    await lock.unlock().catch(() => {})
  }
}

const [host, port] = listen.split(':')
createServer(async ({ method }, response) => {
  try {
    if (method === 'POST') await visit()
    response.end(JSON.stringify({ count: Number(await client.get('visits')) }))
  } catch (error) {
    // No lock, or a stale token: nothing was counted.
    response.writeHead(409).end(error.message)
  }
}).listen(Number(port), host)
