// The lock of a region, with its fencing token. LOCK=package: that of simple-redis-mutex. LOCK=one-script: the token is
// minted by the script that takes the lock.
import { tryLock } from 'simple-redis-mutex'

const TIMEOUT_MS = Number(process.env.LOCK_MS ?? 50)

/** A client that also notes the key and the value with which the lock was taken. */
function watched(redis) {
  const seen = {}
  const set = (key, value, options) => {
    Object.assign(seen, { key, value })
    return redis.set(key, value, options)
  }
  const client = new Proxy(redis, {
    get: (target, name) => {
      if (name === 'set') return set
      const member = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  return { client, seen }
}

const TAKE = `if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return redis.call('incr', KEYS[2]) end return 0`
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`

const ways = {
  async package(redis, region) {
    const { client, seen } = watched(redis)
    const [taken, release] = await tryLock(client, region, { timeout: TIMEOUT_MS })
    return taken ? { ...seen, token: release.fencingToken, release } : undefined
  },
  async 'one-script'(redis, region) {
    const [key, value] = [`lock:${region}`, String(Math.random())]
    const token = await redis.eval(TAKE, { keys: [key, 'tokens'], arguments: [value, String(TIMEOUT_MS)] })
    const release = () => redis.eval(RELEASE, { keys: [key], arguments: [value] })
    return token === 0 ? undefined : { key, value, token, release }
  },
}

export const acquire = ways[process.env.LOCK ?? 'package']

// Returns 1 if entered, 0 if refused after the lock has ended, and -1 if refused although the caller holds the lock.
const ENTER = `if tonumber(ARGV[1]) >= tonumber(redis.call('get', KEYS[2]) or '0') then
    redis.call('set', KEYS[2], ARGV[1]) redis.call('set', KEYS[3], ARGV[3]) return 1 end
  if redis.call('get', KEYS[1]) == ARGV[2] then return -1 end return 0`

/** Enters the holder of the lock as leader of the region, unless a leader with a higher token was entered before. */
export const enter = (redis, region, lock, leader) => {
  const keys = [lock.key, `token:${region}`, `leader:${region}`]
  return redis.eval(ENTER, { keys, arguments: [String(lock.token), lock.value, leader] })
}
