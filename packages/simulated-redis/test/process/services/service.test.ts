import { UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { ran as ranAlone, serving } from '../../../../testing/src/simulated.ts'
import { stopped, unpowered } from '../../../../testing/src/stopped.ts'

/**
 * One program for all tests, so that it is bundled only once. The environment variable ASKS contains the statements of
 * the test.
 */
const asker = serving(`
  import Redis from 'ioredis'
  const redis = new Redis(process.env['REDIS_URL'] ?? '')
  redis.on('error', () => {})
  const told = (...values) => console.log(JSON.stringify(values))
  await new Function('redis', 'told', 'process', 'return (async () => {' + process.env['ASKS'] + '})()')(redis, told, process)`)

const ran = (asks: string, options: Parameters<typeof ranAlone>[1] = {}): ReturnType<typeof ranAlone> =>
  ranAlone(asker, { redis: 'simulated', environment: { ASKS: asks }, ...options })

describe('the unmodified package ioredis', () => {
  test('the package ioredis reads, writes, pipelines and scans, and gets bytes unchanged', async () => {
    const { lines } = await ran(
      `
        await redis.set('a', 'é', 'EX', 100)
        await redis.set('bytes', Buffer.from([0, 255, 128]))
        told(await redis.get('a'), [...await redis.getBuffer('bytes')], await redis.ttl('a'))
        told(await redis.pipeline().incr('n').incrby('n', 5).lpush('n', 'x').exec().then((all) => all.map(([error, value]) => error?.message ?? value)))
        await redis.mset(Object.fromEntries(Array.from({ length: 25 }, (_, i) => ['k' + i, i])))
        const found = []
        for await (const page of redis.scanStream({ match: 'k*' })) found.push(...page)
        told(new Set(found).size, await redis.dbsize())
        told(await redis.zadd('z', 2, 'b', 1, 'a'), await redis.zrange('z', 0, -1, 'WITHSCORES'))`,
    )
    expect(lines).toEqual([
      'n1: ["é",[0,255,128],100]',
      'n1: [[1,6,"WRONGTYPE Operation against a key holding the wrong kind of value"]]',
      'n1: [25,28]',
      'n1: [2,["a","1","b","2"]]',
    ])
  })

  test('the package ioredis blocks on a list until another connection pushes, or until a timeout in virtual time', async () => {
    const { lines } = await ran(
      `
        const other = redis.duplicate()
        const before = Date.now()
        told(await redis.blpop('jobs', 2), Math.round((Date.now() - before) / 100))
        const waiting = redis.blpop('none', 'jobs', 0)
        setTimeout(() => other.rpush('jobs', 'one', 'two'), 50)
        told(await waiting, await redis.lrange('jobs', 0, -1))`,
      { forMs: 5_000 },
    )
    expect(lines).toEqual(['n1: [null,20]', 'n1: [["jobs","one"],["two"]]'])
  })

  test('the package ioredis receives messages that another node publishes, including by patterns and in RESP3', async () => {
    const { lines } = await ran(
      `
        const id = process.env['NODE_ID']
        if (id === 'n1') {
          redis.on('message', (...heard) => told(...heard))
          redis.on('pmessage', (...heard) => told(...heard))
          await redis.subscribe('news')
          await redis.psubscribe('ne*')
        } else setTimeout(async () => told(await redis.publish('news', 'é')), 500)`,
      { nodes: 2 },
    )
    expect([...lines].sort()).toEqual(['n1: ["ne*","news","é"]', 'n1: ["news","é"]', 'n2: [2]'])
  })

  test('the package ioredis executes a transaction only if no watched key was modified or expired', async () => {
    const { lines } = await ran(
      `
        const other = redis.duplicate()
        await redis.watch('a')
        told(await redis.multi().set('a', 1).get('a').exec())
        await redis.watch('a')
        await other.set('a', 2)
        told(await redis.multi().set('a', 3).exec(), await redis.get('a'))
        await redis.pexpire('a', 50)
        await redis.watch('a')
        setTimeout(async () => told(await redis.multi().set('a', 4).exec(), await redis.get('a')), 100)`,
    )
    expect(lines).toEqual(['n1: [[[null,"OK"],[null,"1"]]]', 'n1: [null,"2"]', 'n1: [null,null]'])
  })

  test('the package ioredis acquires a lock again once the lock has expired in virtual time', async () => {
    const { lines } = await ran(
      `
        told(await redis.set('lock', 'me', 'PX', 300, 'NX'), await redis.set('lock', 'me', 'PX', 300, 'NX'))
        setTimeout(async () => told(await redis.set('lock', 'you', 'PX', 300, 'NX')), 400)`,
    )
    expect(lines).toEqual(['n1: ["OK",null]', 'n1: ["OK"]'])
  })
})

describe('a kill of the simulated Redis', () => {
  const counting = `
    let acknowledged = 0
    const count = async () => {
      await redis.incr('n').then((n) => { acknowledged = n }, () => {})
      setTimeout(count, 5)
    }
    count()
    setInterval(async () => told(acknowledged, Number(await redis.get('n'))), 4_500)`

  test('a kill of the simulated Redis loses no acknowledged write', async () => {
    const { lines } = await ran(counting, { meanwhile: stopped(1_500, 200), forMs: 5_000 })
    const [, acknowledged = 0, kept = 0] = /\[(\d+),(\d+)\]/.exec(lines[0] ?? '') ?? []
    expect(Number(acknowledged)).toBeGreaterThan(50)
    expect(Number(kept)).toBeGreaterThanOrEqual(Number(acknowledged))
  })

  test('a power loss of the simulated Redis loses only writes of the last second', async () => {
    const losing = `
      const second = () => Math.floor(Date.now() / 1_000)
      let [killed, now, last, fsynced] = [false, second(), 0, 0]
      redis.on('close', () => { killed = true })
      redis.on('ready', async () => { if (killed) told(fsynced, Number(await redis.get('n')), last) })
      const count = async () => {
        if (killed) return
        const n = await redis.incr('n')
        if (killed) return
        if (second() > now) [now, fsynced] = [second(), last]
        last = n
        setTimeout(count, 5)
      }
      count()`
    let lost = 0
    for (let seed = 1; seed <= 5; seed++) {
      const { lines } = await ran(losing, { seed, meanwhile: unpowered(2_700, 200), forMs: 4_000 })
      const [, fsynced = 0, kept = 0, last = 0] = (/\[(\d+),(\d+),(\d+)\]/.exec(lines[0] ?? '') ?? []).map(Number)
      expect(fsynced).toBeGreaterThan(0)
      expect(kept).toBeGreaterThanOrEqual(fsynced)
      if (kept < last) lost++
    }
    expect(lost).toBeGreaterThan(0)
  })
})

const refusals: readonly (readonly [what: string, asked: string])[] = [
  ['PFADD', `redis.pfadd('a', 'b')`],
  ['struct.pack, in line 1 of the Lua script', `redis.eval('return struct.pack("i", 1)', 0)`],
  ['SET with the option FOO', `redis.call('set', 'a', 'b', 'FOO')`],
  ['CONFIG GET', `redis.config('GET', '*')`],
]

describe('an unsupported Redis command or host', () => {
  test.each(refusals)(
    'an unsupported Redis command ends the run with an error that names the unsupported part: %s',
    async (what, asked) => {
      const error = await ran(`${asked}.catch(() => {})`).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(UserError)
      expect((error as UserError).code).toBe('input')
      expect((error as UserError).message).toContain(`cannot be simulated: on redis, ${what}`)
      expect((error as UserError).message).toContain('chaos run')
    },
  )

  test('the host of a Redis that is not simulated is refused with advice on --redis', async () => {
    const dialling = serving(`import Redis from 'ioredis'; new Redis('redis://redis:6379').on('error', () => {})`)
    await expect(ranAlone(dialling)).rejects.toThrow(/the host redis cannot be simulated.*--redis/)
  })
})

test('a run with a Redis has the same trace for the same seed', async () => {
  const racing = `
    for (let i = 0; i < 20; i++) {
      const seen = Number(await redis.get('n'))
      await redis.set('n', seen + 1)
    }
    setTimeout(async () => told(await redis.get('n'), await redis.sadd('s', 'a', 'b', 'c'), await redis.spop('s')), 500)`
  const options = { nodes: 3, meanwhile: stopped(20, 50) }
  const [one, same, other] = [
    await ran(racing, options),
    await ran(racing, options),
    await ran(racing, { ...options, seed: 2 }),
  ]
  expect(one.trace.length).toBeGreaterThan(100)
  expect(same.trace).toEqual(one.trace)
  expect(other.trace).not.toEqual(one.trace)
})
