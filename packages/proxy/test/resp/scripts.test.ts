import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { CommandSet, CommandSetOptions } from '../../../recorder/src/redis/command-set.ts'
import { parseRespSettings } from '../../../recorder/src/redis/resp-settings.ts'
import { installed, startRedis, whySkipped } from '../real-servers.ts'
import { closeEverythingAfterEach } from '../sockets.ts'
import { connectTo, recordRedis } from './recorded-redis.ts'

// Scripts of popular packages, and what deletes or moves whole keys, recorded as what they do.

closeEverythingAfterEach()

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

describe.skipIf(REDIS === undefined)('what is recorded of a real Redis', () => {
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
  ])('%s counts each request, and one that is forgotten is a violation', async (_, words) => {
    const { client, owner, result, recorder } = await redis()
    for (let i = 0; i < 3; i++) await client.send(...words)
    await client.ask('GET u')
    expect(result()).toBe('met')
    expect(recorder.counters.touched).toBe(0)
    await owner.ask('DECR u')
    await client.send(...words)
    expect(result()).toBe('violated')
  })

  test('a lock whose time ran out before its holder let it go has two holders', async () => {
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

  test.each(['a part of its text', 'its SHA-1'])('a script is declared by %s', async (how) => {
    const script = how === 'its SHA-1' ? createHash('sha1').update(OWN).digest('hex') : "ARGV[1]) redis.call('PEXPIRE'"
    const commands = ['INCRBY KEYS[1] ARGV[1]', 'PEXPIRE KEYS[1] 90000']
    const declare = [{ script, as: commands, answers: ['whole', 'untold'] }]
    const settings = parseRespSettings({ declare }, 'here')
    const { client, result, recorder } = await redis(settings.commands)
    const sha = String(await client.send('SCRIPT', 'LOAD', OWN))
    for (let i = 0; i < 3; i++) await client.send('EVALSHA', sha, '1', 'n', '5')
    expect(await client.ask('GET n')).toBe('15')
    expect(result()).toBe('met')
    expect(recorder.counters.touched).toBe(0)
  })

  test.each([
    ['FLUSHALL', ['SET x 1', 'HSET h f 1', 'FLUSHALL', 'GET x', 'HGET h f', 'SET x 2', 'GET x'], 'met'],
    ['FLUSHALL of nothing', ['FLUSHALL', 'SET x 1', 'GET x'], 'met'],
    ['FLUSHDB', ['SET x 1', 'FLUSHDB SYNC', 'GET x'], 'met'],
    ['RENAME, for the key that it leaves', ['SET x 1', 'RENAME x y', 'GET x', 'SET x 2', 'GET x'], 'met'],
  ])('%s is recorded', async (_, commands, wanted) => {
    const { client, judge } = await redis()
    for (const text of commands) await client.ask(text)
    expect(judge().levels.linearizable).toMatchObject({ result: wanted })
  })

  test('a value that comes back after everything was deleted is a violation', async () => {
    const { client, owner, result } = await redis()
    for (const text of ['SET x 1', 'FLUSHALL', 'GET x']) await client.ask(text)
    await owner.ask('SET x 1')
    await client.ask('GET x')
    expect(result()).toBe('violated')
  })

  test('with several servers, one that is emptied says nothing of the others', async () => {
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
  expect(refused({})).toThrow('here: "declare" is no list.')
  expect(refused([{ script: 'a', as: 'INCR KEYS' }])).not.toThrow()
  expect(refused([{ script: 'a', as: 'INCR KEYS[x]' }])).toThrow('KEYS[x] is no place')
  expect(refused([{ script: 'a', as: ['INCR a', 'GET b'], answers: [0] }])).toThrow('2 commands and 1 answers')
})

test('there is a Redis to test scripts with', (context) => {
  if (REDIS === undefined) context.skip(whySkipped('redis-server'))
})
