// Counts visits: reads the count, adds one, writes it, under a lock in Redis.
// Usage: app.mjs HOST:PORT REDIS-HOST:PORT LOCK plain|fenced steady|pausing
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as later } from 'node:timers/promises'
import { Redis } from 'ioredis'

const [listen = '', redis = '', name = '', mode = 'plain', temper = 'steady'] = process.argv.slice(2)
const [redisHost, redisPort] = redis.split(':')
const client = new Redis({ host: redisHost, port: Number(redisPort) })
const LEASE_MS = 1_000

// A token is refused once a later one has been seen, because its holder has lost the lock.
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

const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`
const retries = { retryCount: 100, retryDelay: 20, retryJitter: 10 }

/**
 * By name: prepares a lock. Returns a function that acquires the lock; its result is a function that releases the lock.
 */
const locks = {
  async redlock() {
    const { default: Redlock } = await import('redlock')
    const redlock = new Redlock([client], { ...retries, automaticExtensionThreshold: 100 })
    redlock.on('error', () => {})
    return async () => {
      const lock = await redlock.acquire(['lock:visits'], LEASE_MS)
      // Redlock retries a failed release as often as an acquisition. The caller does not wait for this.
      return () => void lock.release().catch(() => {})
    }
  },
  async 'redlock-4'() {
    const { default: Redlock } = await import('redlock-4')
    const redlock = new Redlock([client], retries)
    return async () => {
      const lock = await redlock.lock('lock:visits', LEASE_MS)
      // Fails if the lease has ended. The failure is ignored.
      return () => lock.unlock().catch(() => {})
    }
  },
  async sesamecare() {
    const { Redlock } = await import('@sesamecare-oss/redlock')
    const redlock = new Redlock([client], { ...retries, automaticExtensionThreshold: 100 })
    redlock.on('error', () => {})
    return async () => {
      const lock = await redlock.acquire(['lock:visits'], LEASE_MS)
      return () => void lock.release().catch(() => {})
    }
  },
  async 'redis-semaphore'() {
    const { Mutex } = await import('redis-semaphore')
    return async () => {
      // The mutex renews the lock with a timer, which does not run while the process is blocked.
      const mutex = new Mutex(client, 'visits', { lockTimeout: LEASE_MS, retryInterval: 20, onLockLost() {} })
      await mutex.acquire()
      return () => mutex.release()
    }
  },
  async 'set-nx'() {
    return async () => {
      const token = randomUUID()
      while ((await client.set('lock:visits', token, 'PX', LEASE_MS, 'NX')) === null) await later(20)
      return () => client.eval(RELEASE, 1, 'lock:visits', token)
    }
  },
}

/** Blocks this process for a while, as garbage collection, a hypervisor or swapping does. */
const stopTheWorld = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
const acquire = await locks[name]()
let visits = 0

async function visit() {
  const release = await acquire()
  try {
    const token = mode === 'fenced' ? await client.incr('fence') : 0
    const read = mode === 'fenced' ? await client.readFenced('visits', 'seen', token) : await client.get('visits')
    visits++
    if (temper === 'pausing' && visits === 5) stopTheWorld(2 * LEASE_MS)
    const count = Number(read) + 1
    if (mode === 'fenced') await client.writeFenced('visits', 'seen', token, count)
    else await client.set('visits', count)
  } finally {
    await release()
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
