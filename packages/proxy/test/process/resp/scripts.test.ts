import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { CommandSet, CommandSetOptions } from '../../../../recorder/src/redis/command-set.ts'
import { parseRespSettings } from '../../../../recorder/src/redis/resp-settings.ts'
import { installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'
import { connectTo, recordRedis } from '../../resp/recorded-redis.ts'

// These tests record the effects of scripts of popular packages, and of commands that delete or move whole keys.

const REDIS = installed('redis-server')

const FLEXIBLE = `redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX') local consumed = redis.call('incrby', KEYS[1], ARGV[1]) local ttl = redis.call('pttl', KEYS[1]) if ttl == -1 then redis.call('expire', KEYS[1], ARGV[2]) ttl = 1000 * ARGV[2] end return {consumed, ttl}`
const FIRST = `local c = redis.call('INCR', KEYS[1])\nif tonumber(c) == 1 then\n  redis.call('EXPIRE', KEYS[1], ARGV[1])\nend\nreturn c`
const ACQUIRE = `
  -- Return 0 if an entry already exists.
  for i, key in ipairs(KEYS) do
    if redis.call("exists", key) == 1 then
      return 0
    end
  end
  for i, key in ipairs(KEYS) do
    redis.call("set", key, ARGV[1], "PX", ARGV[2])
  end
  return #KEYS`
const OWN = `local n = redis.call('INCRBY', KEYS[1], ARGV[1]) redis.call('PEXPIRE', KEYS[1], 90000) return n`

describe.skipIf(REDIS === undefined)('the record of a real Redis server', () => {
  async function redis(options: CommandSetOptions | CommandSet = {}) {
    const server = await startRedis(REDIS ?? '')
    const owner = await connectTo(server)
    const recorded = await recordRedis([server], options)
    const client = await recorded.connect()
    const result = () => recorded.judge().levels.linearizable.result
    return { owner, client, result, ...recorded }
  }

  test.each([
    ['a rate limiter by points', ['EVAL', FLEXIBLE, '1', 'u', '1', '90']],
    ['a rate limiter that lets its first request expire', ['EVAL', FIRST, '1', 'u', '90']],
  ])(
    'the verdict on Redis with %s is "met", and is "violated" once the server loses a counted request',
    async (_, words) => {
      const { client, owner, result, recorder } = await redis()
      for (let i = 0; i < 3; i++) await client.send(...words)
      await client.ask('GET u')
      expect(result()).toBe('met')
      expect(recorder.counters.touched).toBe(0)
      await owner.ask('DECR u')
      await client.send(...words)
      expect(result()).toBe('violated')
    },
  )

  test('linearizability is violated if a second client acquires a lock that expired but was not released', async () => {
    const { client, connect, result, owner } = await redis({ model: 'lock' })
    const other = await connect()
    await client.ask('CLIENT SETNAME a')
    await other.ask('CLIENT SETNAME b')
    expect(await client.send('EVAL', ACQUIRE, '1', 'lock', 'a', '20')).toBe(1)
    while ((await owner.ask('EXISTS lock')) === 1) await owner.ask('PING')
    expect(result()).not.toBe('violated')
    expect(await other.send('EVAL', ACQUIRE, '1', 'lock', 'b', '9000')).toBe(1)
    expect(result()).toBe('violated')
  })

  test.each(['a part of its text', 'its SHA-1'])(
    'the commands of a script are recorded if the settings declare the script by %s',
    async (how) => {
      const script =
        how === 'its SHA-1' ? createHash('sha1').update(OWN).digest('hex') : "ARGV[1]) redis.call('PEXPIRE'"
      const commands = ['INCRBY KEYS[1] ARGV[1]', 'PEXPIRE KEYS[1] 90000']
      const declare = [{ script, as: commands, answers: ['whole', 'untold'] }]
      const settings = parseRespSettings({ declare }, 'here')
      const { client, result, recorder } = await redis(settings.commands)
      const sha = String(await client.send('SCRIPT', 'LOAD', OWN))
      for (let i = 0; i < 3; i++) await client.send('EVALSHA', sha, '1', 'n', '5')
      expect(await client.ask('GET n')).toBe('15')
      expect(result()).toBe('met')
      expect(recorder.counters.touched).toBe(0)
    },
  )

  test('an undeclared script leaves the verdict unknown, and the reason names the settings that declare the script', async () => {
    const { client, owner, judge } = await redis()
    const sha = String(await owner.send('SCRIPT', 'LOAD', OWN))
    await client.send('EVALSHA', sha, '1', 'n', '5')
    await client.ask('GET n')
    const declare = [{ script: sha, as: 'INCRBY KEYS[1] ARGV[1]' }]
    const remedy = JSON.stringify({ kind: 'resp', declare })
    expect(judge().levels.linearizable).toMatchObject({
      result: 'unknown',
      reason: { text: expect.stringContaining(remedy) },
    })
    const declared = await redis(parseRespSettings({ declare }, 'here').commands)
    await declared.owner.send('SCRIPT', 'LOAD', OWN)
    for (let i = 0; i < 3; i++) await declared.client.send('EVALSHA', sha, '1', 'n', '5')
    expect(await declared.client.ask('GET n')).toBe('15')
    expect(declared.result()).toBe('met')
  })

  test.each([
    ['FLUSHALL', ['SET x 1', 'HSET h f 1', 'FLUSHALL', 'GET x', 'HGET h f', 'SET x 2', 'GET x'], 'met'],
    ['FLUSHALL of nothing', ['FLUSHALL', 'SET x 1', 'GET x'], 'met'],
    ['FLUSHDB', ['SET x 1', 'FLUSHDB SYNC', 'GET x'], 'met'],
    ['the old key of RENAME', ['SET x 1', 'RENAME x y', 'GET x', 'SET x 2', 'GET x'], 'met'],
  ])('the record of a Redis server is linearizable with %s', async (_, commands, wanted) => {
    const { client, judge } = await redis()
    for (const text of commands) await client.ask(text)
    expect(judge().levels.linearizable).toMatchObject({ result: wanted })
  })

  test.each([
    ['a written value', ['SET x 1', 'RENAME x y', 'GET y', 'GET x', 'SET x 2', 'RENAME x y', 'GET y'], 'met'],
    ['a value over another value', ['SET y 0', 'SET x 1', 'RENAME x y', 'GET y'], 'met'],
    ['a value over a hash', ['HSET y f 1', 'SET x 1', 'RENAME x y', 'GET y', 'DEL y', 'HGET y f'], 'met'],
    ['a sum', ['SET x 1', 'INCR x', 'RENAMENX x y', 'GET y', 'SET x 5', 'RENAMENX x y', 'GET y', 'GET x'], 'met'],
    ['an absent key', ['SET y 1', 'RENAME x y', 'GET y'], 'met'],
    ['a value that expires', ['SET x 1 EX 90', 'RENAME x y', 'GET y'], 'unknown'],
    ['a value that nobody wrote', ['RENAME old y', 'GET y'], 'unknown'],
    ['a value that SETRANGE has changed', ['SET x 12', 'SETRANGE x 0 3', 'RENAME x y', 'GET y'], 'unknown'],
  ])('the record of a Redis server gets the expected verdict after RENAME of %s', async (_, commands, wanted) => {
    const { client, owner, judge } = await redis()
    await owner.ask('SET old 1')
    for (const text of commands) await client.ask(text)
    expect(judge().levels.linearizable).toMatchObject({ result: wanted })
  })

  test('linearizability is violated if RENAME moves a value that differs from the recorded value', async () => {
    const { client, owner, result } = await redis()
    await client.ask('SET x 1')
    await owner.ask('SET x 2')
    for (const text of ['RENAME x y', 'GET y']) await client.ask(text)
    expect(result()).toBe('violated')
  })

  test('RENAME during concurrent writes marks its keys as possibly changed', async () => {
    const { client, connect, recorder, result } = await redis()
    const other = await connect()
    const both = [client.pipeline('SET x 1', 'SET x 2', 'RENAME x y'), other.pipeline('SET x 3', 'GET y')]
    await Promise.all(both)
    await client.ask('GET y')
    expect(recorder.counters.touched).toBeGreaterThan(0)
    expect(result()).not.toBe('violated')
  })

  test.each([
    ['a key', 'SET old 1', 'GET old', 'violated'],
    ['a field', 'HSET old f 1', 'HGET old f', 'violated'],
  ])(
    'linearizability is violated if the first read of %s after FLUSHALL finds a value',
    async (_, back, read, wanted) => {
      const { client, owner, result } = await redis()
      await client.ask('FLUSHALL')
      await client.ask('GET another')
      expect(result()).toBe('met')
      await owner.ask(back)
      await client.ask(read)
      expect(result()).toBe(wanted)
    },
  )

  test('FLUSHDB does not affect the other databases', async () => {
    const { client, owner, result } = await redis()
    await owner.ask('SET old 1')
    for (const text of ['SELECT 1', 'FLUSHDB', 'GET old', 'SELECT 0', 'GET old', 'SET old 2', 'GET old'])
      await client.ask(text)
    expect(result()).toBe('met')
  })

  test('linearizability is violated if a value returns after FLUSHALL', async () => {
    const { client, owner, result } = await redis()
    for (const text of ['SET x 1', 'FLUSHALL', 'GET x']) await client.ask(text)
    await owner.ask('SET x 1')
    await client.ask('GET x')
    expect(result()).toBe('violated')
  })

  test('FLUSHALL on one server does not affect the other servers', async () => {
    const [one, two] = await Promise.all([startRedis(REDIS ?? ''), startRedis(REDIS ?? '')])
    const { connect, judge } = await recordRedis([one, two])
    const [first, second] = await Promise.all([connect(0), connect(1)])
    await second.ask('SET x 1')
    await first.ask('FLUSHALL')
    await second.ask('GET x')
    expect(judge().levels.linearizable.result).toBe('unknown')
  })
})

test('a declared script that cannot be read is refused', () => {
  const refused = (declare: unknown) => () => parseRespSettings({ declare }, 'here')
  expect(refused({})).toThrow('here: "declare" is not a list.')
  expect(refused([{ script: 'a', as: 'INCR KEYS' }])).not.toThrow()
  expect(refused([{ script: 'a', as: 'INCR KEYS[x]' }])).toThrow('KEYS[x] is not a place')
  expect(refused([{ script: 'a', as: ['INCR a', 'GET b'], answers: [0] }])).toThrow(
    '2 commands in "as" but 1 answer in "answers"',
  )
})

test('redis-server is installed, or the tests of scripts are skipped', (context) => {
  if (REDIS === undefined) context.skip(whySkipped('redis-server'))
})
