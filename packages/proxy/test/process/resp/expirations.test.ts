import type { History } from '@chaosproxy/history'
import { describe, expect, inject, test } from 'vitest'
import { randomFrom } from '../../../../testing/src/random-history.ts'
import { installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'
import { connectTo, recordRedis } from '../../resp/recorded-redis.ts'

// These tests record keys that the server removes by itself. Such a key is present until its time to live is over, and
// may be absent from then on. It does not change in any other way.

const REDIS = installed('redis-server')
const seed = inject('seed')

async function redis() {
  const server = await startRedis(REDIS ?? '')
  const owner = await connectTo(server)
  const recorded = await recordRedis([server])
  /** Waits until the server itself has removed a key. */
  const gone = async (key: string): Promise<void> => {
    while ((await owner.ask(`EXISTS ${key}`)) === 1) await owner.ask('PING')
  }
  return { owner, gone, ...recorded }
}

describe.skipIf(REDIS === undefined)('a key with a time to live', () => {
  test.each([
    ['is read before it expires', ['SET x a EX 100', 'GET x'], [], 'met'],
    ['is absent after it expires', ['SET x a PX 30'], ['GET x'], 'met'],
    ['is written by SETNX after it expires', ['SET x a PX 30'], ['SETNX x b', 'GET x'], 'met'],
    ['expires by a time that PEXPIRE sets', ['SET x a', 'PEXPIRE x 30'], ['GET x', 'SET x b', 'GET x'], 'met'],
    ['expires by a time of the server clock', ['SET x a', 'PEXPIREAT x 1'], ['GET x'], 'met'],
    ['is incremented from nothing after it expires', ['INCR x', 'PEXPIRE x 30'], ['INCR x', 'GET x'], 'met'],
    ['is a hash that expires as a whole', ['HSET x f 1 g 2', 'PEXPIRE x 30'], ['HGET x f', 'HMGET x f g'], 'met'],
    ['is a hash whose field is first read after it expires', ['HSET x f 1', 'PEXPIRE x 30'], ['HGET x g'], 'met'],
    [
      'is a hash that is written again after it expires',
      ['HSET x f 1 g 1', 'PEXPIRE x 30'],
      ['HSET x g 2', 'PEXPIRE x 9999', 'HGET x f'],
      'met',
    ],
    ['was set in a transaction', ['MULTI', 'SET x 0 PX 30 NX', 'INCRBY x 2', 'EXEC'], ['GET x'], 'met'],
  ])('a key with a time to live does not violate linearizability if it %s', async (_, before, after, wanted) => {
    const { connect, gone, judge, recorder } = await redis()
    const client = await connect()
    for (const text of before) await client.ask(text)
    if (after.length > 0) await gone('x')
    for (const text of after) await client.ask(text)
    expect(judge().levels.linearizable.result).toBe(wanted)
    expect(recorder.counters.touched).toBe(0)
  })

  test.each([
    ['disappears too early', ['SET x a EX 100'], ['GET x']],
    ['disappears too early after its time was set again', ['SET x a PX 1', 'SET x b EX 100'], ['GET x']],
    ['is a hash field that disappears too early', ['HSET x f a', 'EXPIRE x 100'], ['HGET x f']],
    ['disappears although its time was removed', ['SET x a EX 100', 'SET x b'], ['GET x']],
    ['disappears before a second time to live ends', ['SET x a EX 100', 'PEXPIRE x 90000'], ['GET x']],
  ])('a key with a time to live violates linearizability if it %s', async (_, before, after) => {
    const { connect, owner, judge } = await redis()
    const client = await connect()
    for (const text of before) await client.ask(text)
    await owner.ask('DEL x')
    for (const text of after) await client.ask(text)
    expect(judge().levels.linearizable.result).toBe('violated')
  })

  test('linearizability is violated if a key expired, was set without a time to live, and then disappeared', async () => {
    const { connect, owner, gone, judge } = await redis()
    const client = await connect()
    await client.ask('SET x a PX 30')
    await gone('x')
    for (const text of ['GET x', 'SET x b']) await client.ask(text)
    await owner.ask('DEL x')
    await client.ask('GET x')
    expect(judge().levels.linearizable.result).toBe('violated')
  })

  test('linearizability is violated if a key expired, was read as absent, and then had its old value again', async () => {
    const { connect, owner, gone, judge } = await redis()
    const client = await connect()
    await client.ask('SET x a PX 30')
    await gone('x')
    await client.ask('GET x')
    await owner.ask('SET x a')
    await client.ask('GET x')
    expect(judge().levels.linearizable.result).toBe('violated')
  })

  test.each([
    ['strings', drawn, 8, 20],
    ['hashes, deletions of everything, and scripts', drawnHash, 0, 10],
  ])(
    `linearizability is not violated on a correct server if clients use %s (seed ${seed})`,
    async (_, draw, met, gone) => {
      const results = { met: 0, unknown: 0, violated: 0 }
      let expired = 0
      for (let round = 0; round < 12; round++) {
        const { connect, judge, history } = await redis()
        const clients = await Promise.all([1, 2, 3, 4].map(() => connect()))
        await Promise.all(
          clients.map(async (client, n) => {
            const random = randomFrom(seed + round * 10 + n)
            for (let i = 0; i < 60; i++) await client.send(...draw(random, `${n}.${i}`))
          }),
        )
        const { result } = judge().levels.linearizable
        results[result]++
        expired += expiriesIn(history())
        expect(result, `round ${round}: ${JSON.stringify(judge().levels.linearizable)}`).not.toBe('violated')
      }
      expect(results.met).toBeGreaterThan(met)
      expect(expired).toBeGreaterThan(gone)
    },
  )
})

const expiriesIn = (history: History): number =>
  Array.from({ length: history.operations.length }, (_, row) => row).filter((row) => isExpiry(history, row)).length

function isExpiry(history: History, row: number): boolean {
  const session = history.sessionOf(history.operations.process[row] ?? 0)
  return session >= 0 && history.sessionName(session).startsWith('expiry ')
}

const LIMIT = `local windowMs = tonumber(ARGV[1])
local timeToExpire = redis.call("PTTL", KEYS[1])
if timeToExpire <= 0 then
redis.call("SET", KEYS[1], 1, "PX", windowMs)
return { 1, windowMs }
end
local totalHits = redis.call("INCR", KEYS[1])
return { totalHits, timeToExpire }`
const RELEASE = `if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end`

function drawnHash(random: () => number, value: string): readonly string[] {
  const below = (n: number): number => Math.floor(random() * n)
  const hash = `h${below(2)}`
  const field = `f${below(2)}`
  const ttl = `${[1, 3, 8, 20][below(4)]}`
  if (random() < 0.02) return random() < 0.5 ? ['FLUSHALL'] : ['FLUSHDB', 'ASYNC']
  const commands = [
    ['HSET', hash, field, value],
    ['HSET', hash, 'f0', value, 'f1', `${value}x`],
    ['HDEL', hash, field],
    ['PEXPIRE', hash, ttl],
    ['PERSIST', hash],
    ['DEL', hash],
    ['HSETNX', hash, field, value],
    ['EVAL', LIMIT, '1', 'limit', ttl],
    ['GET', 'limit'],
    ['SET', 'lock', value, 'NX', 'PX', ttl],
    ['EVAL', RELEASE, '1', 'lock', value],
    ['GET', 'lock'],
    ['SET', 'from', value],
    ['GET', 'from'],
    ...(random() < 0.1 ? [['RENAME', 'from', 'to']] : []),
  ]
  return random() < 0.4 ? ['HGET', hash, field] : (commands[below(commands.length)] ?? ['PING'])
}

function drawn(random: () => number, value: string): readonly string[] {
  const below = (n: number): number => Math.floor(random() * n)
  const key = `k${below(3)}`
  const ttl = [1, 3, 8, 20][below(4)]
  const commands = [
    `SET ${key} ${value} PX ${ttl}`,
    `SET ${key} ${value}`,
    `SET ${key} ${value} NX PX ${ttl}`,
    `SET ${key} ${value} XX KEEPTTL`,
    `SET ${key} ${value} GET PX ${ttl}`,
    `PSETEX ${key} ${ttl} ${value}`,
    `GETEX ${key} PX ${ttl}`,
    `PEXPIRE ${key} ${ttl}`,
    `PEXPIRE ${key} ${ttl} GT`,
    `PERSIST ${key}`,
    `GETDEL ${key}`,
    `DEL ${key}`,
    `SETNX ${key} ${value}`,
    `GETSET ${key} ${value}`,
    `MSET ${key} ${value} k0 ${value}x`,
    `APPEND ${key} +`,
  ]
  return (random() < 0.5 ? `GET ${key}` : (commands[below(commands.length)] ?? 'PING')).split(' ')
}

test('redis-server is installed, or the tests of expirations are skipped', (context) => {
  if (REDIS === undefined) context.skip(whySkipped('redis-server'))
})
