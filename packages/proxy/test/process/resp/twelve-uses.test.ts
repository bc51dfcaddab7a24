import { describe, expect, test } from 'vitest'
import type { CommandSetOptions } from '../../../../recorder/src/redis/command-set.ts'
import { installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'
import { connectTo, type RedisClient, recordRedis } from '../../resp/recorded-redis.ts'

// Each test checks a different use of a real Redis server, which is linearizable. No verdict may be `violated`, and
// most must be `met`.

const REDIS = installed('redis-server')
const WHY_SKIPPED = whySkipped('redis-server')

interface Use {
  readonly name: string
  /** `unknown` if a key changes in a way that no operation shows. */
  readonly verdict: 'met' | 'unknown'
  readonly options?: CommandSetOptions
  /** Commands that are sent directly to the server, before the recording begins. */
  readonly before?: (server: RedisClient) => Promise<void>
  readonly run: (connect: () => Promise<RedisClient>) => Promise<void>
}

const COMPARE_AND_SET =
  "if redis.call('get',KEYS[1])==ARGV[1] then redis.call('set',KEYS[1],ARGV[2]) return 1 else return 0 end"

/** Runs this many clients at once. Each client runs its rounds one after the other. */
const concurrently = async (
  connect: () => Promise<RedisClient>,
  clients: number,
  round: (client: RedisClient, number: number, round: number) => Promise<unknown>,
): Promise<void> => {
  const connected = await Promise.all(Array.from({ length: clients }, connect))
  await Promise.all(
    connected.map(async (client, number) => {
      for (let i = 0; i < 20; i++) await round(client, number, i)
    }),
  )
}

const uses: readonly Use[] = [
  {
    name: 'a cache whose entries expire',
    verdict: 'met',
    run: (connect) =>
      concurrently(connect, 3, async (client, n, i) => {
        if ((await client.ask(`GET page${i % 4}`)) === null) await client.ask(`SET page${i % 4} ${n}.${i} PX 20`)
        await client.ask(`SETEX soon 1 ${n}.${i}`)
      }),
  },
  {
    name: 'counters',
    verdict: 'met',
    run: (connect) =>
      concurrently(connect, 4, async (client, n, i) => {
        await client.ask(i % 3 === 0 ? 'DECR visits' : i % 3 === 1 ? 'INCRBY visits 3' : 'INCR visits')
        await client.ask(n % 2 === 0 ? 'GET visits' : 'INCRBYFLOAT price 0.5')
      }),
  },
  {
    name: 'a lock by SETNX, which its holder deletes',
    verdict: 'met',
    run: (connect) =>
      concurrently(connect, 4, async (client, n, i) => {
        const taken = i % 2 === 0 ? await client.ask(`SETNX lock ${n}`) : await client.ask(`SET lock ${n} NX`)
        if (taken !== 1 && taken !== 'OK') return
        expect(await client.ask('GET lock')).toBe(String(n))
        await client.ask('DEL lock')
      }),
  },
  {
    name: 'values that are swapped: GETSET, GETDEL, SET with GET and XX',
    verdict: 'met',
    run: (connect) =>
      concurrently(connect, 3, async (client, n, i) => {
        await client.ask(`GETSET x ${n}.${i}`)
        await client.ask(i % 4 === 0 ? 'GETDEL x' : `SET x ${n}.${i}b GET`)
        await client.ask(`SET x ${n}.${i}c XX`)
        await client.ask(i % 2 === 0 ? `SET x ${n}.${i}d XX KEEPTTL` : 'GETEX x')
      }),
  },
  {
    name: 'many keys at once: MSET, MGET, MSETNX',
    verdict: 'met',
    run: (connect) =>
      concurrently(connect, 3, async (client, n, i) => {
        await client.ask(`MSET a ${n}.${i} b ${n}.${i}`)
        await client.ask('MGET a b c')
        await client.ask(`MSETNX c ${n}.${i} d ${n}.${i}`)
        if (i % 5 === 0) await client.ask('DEL c d')
      }),
  },
  {
    name: 'transfers by WATCH, MULTI and EXEC',
    verdict: 'met',
    run: async (connect) => {
      await (await connect()).ask('MSET jose 1000 ana 1000')
      await concurrently(connect, 3, async (client, _, i) => {
        await client.ask('WATCH jose ana')
        const [jose, ana] = (await client.ask('MGET jose ana')) as readonly string[]
        if (i % 7 === 0) return client.ask('UNWATCH')
        await client.pipeline('MULTI', `SET jose ${Number(jose) - 1}`, `SET ana ${Number(ana) + 1}`, 'GET jose', 'EXEC')
        return client.pipeline('MULTI', 'INCR transfers', i % 2 === 0 ? 'DISCARD' : 'EXEC')
      })
    },
  },
  {
    name: 'a script that compares and sets, and is said to',
    verdict: 'met',
    options: { cas: COMPARE_AND_SET },
    run: async (connect) => {
      const sha = String(await (await connect()).send('SCRIPT', 'LOAD', COMPARE_AND_SET))
      await (await connect()).ask('SET x 0')
      await concurrently(connect, 3, async (client, _, i) => {
        const old = String(await client.ask('GET x'))
        const script = i % 2 === 0 ? ['EVAL', COMPARE_AND_SET] : ['EVALSHA', sha]
        await client.send(...script, '1', 'x', old, `${Number(old) + 1}`)
      })
    },
  },
  {
    name: 'keys that change their names',
    verdict: 'unknown',
    run: (connect) =>
      concurrently(connect, 2, async (client, n, i) => {
        await client.ask(`SET next ${n}.${i}`)
        await client.ask('RENAME next current')
        await client.ask('GET current')
      }),
  },
  {
    name: 'two databases with the same keys',
    verdict: 'met',
    run: (connect) =>
      concurrently(connect, 4, async (client, n, i) => {
        if (i === 0) await client.ask(`SELECT ${n % 2}`)
        await client.ask(`SET x ${n}.${i}`)
        await client.ask('GET x')
        if (i % 5 === 0) await client.pipeline(`SELECT ${(n + i) % 2}`, 'GET x')
      }),
  },
  {
    name: 'sessions in hashes',
    verdict: 'met',
    run: (connect) =>
      concurrently(connect, 3, async (client, n, i) => {
        await client.ask(`HSET session:${i % 3} user ${n} seen ${n}.${i}`)
        await client.ask(`HMGET session:${i % 3} user seen cart`)
        await client.ask(`HINCRBY session:${i % 3} hits 1`)
        await client.ask(`HGETALL session:${i % 3}`)
        if (i % 6 === 5) await client.ask(i % 2 === 0 ? `HDEL session:${i % 3} cart` : `DEL session:${i % 3}`)
      }),
  },
  {
    name: 'keys that go and come back, beside lists and sets',
    verdict: 'met',
    run: (connect) =>
      concurrently(connect, 3, async (client, n, i) => {
        await client.ask(`SET x ${n}.${i}`)
        await client.ask(`APPEND log${n} +${i}`)
        await client.ask(`LPUSH recent ${n}.${i}`)
        await client.ask(`SADD tags t${i}`)
        await client.ask('SMEMBERS tags')
        await client.ask(i % 2 === 0 ? 'UNLINK x y' : 'EXISTS x y')
        await client.ask(`GET ${i % 2 === 0 ? 'x' : `log${n}`}`)
      }),
  },
  {
    name: 'a pool of connections with pipelines, on a server that is full already',
    verdict: 'met',
    before: async (server) => {
      await server.ask('MSET x before y before n 41 page before')
      await server.ask('HSET profile name before')
    },
    run: (connect) =>
      concurrently(connect, 3, async (client, n, i) => {
        await client.pipeline('GET x', 'GET page', 'HGET profile name', 'INCR n', `GET ${i % 2 === 0 ? 'y' : 'n'}`)
        await client.pipeline(`SET x ${n}.${i}`, 'GET x', i === 10 ? 'DEL y' : 'PING', `HSET profile name ${n}.${i}`)
      }),
  },
]

describe('twelve ordinary uses of a correct Redis', () => {
  for (const use of uses)
    test(`Redis gets the verdict ${use.verdict} for ${use.name}`, async (context) => {
      if (REDIS === undefined) return context.skip(WHY_SKIPPED)
      const { judge, recorder } = await used(REDIS, use)
      expect(judge().levels.linearizable).toMatchObject({ result: use.verdict })
      expect(recorder.counters).toMatchObject({ open: 0, opaqueConnections: 0, unmatchedAnswers: 0 })
      // If other clients write a key while it is renamed, the recorder cannot know the value that RENAME moves.
      if (use.verdict === 'met') expect(recorder.counters.notUnderstood).toBe(0)
    })

  test('at least nine of twelve ordinary uses of a correct Redis get the verdict "met"', () => {
    expect(uses).toHaveLength(12)
    expect(uses.filter(({ verdict }) => verdict === 'met').length).toBeGreaterThanOrEqual(9)
  })
})

describe('uses of Redis recorded as other models', () => {
  const others: readonly Use[] = [
    {
      name: 'a counter',
      verdict: 'met',
      options: { model: 'counter' },
      run: (connect) =>
        concurrently(connect, 3, async (client, _, i) => {
          await client.ask(i % 2 === 0 ? 'INCR n' : 'DECRBY n 2')
          await client.ask('GET n')
        }),
    },
    {
      name: 'a set',
      verdict: 'met',
      options: { model: 'set' },
      run: (connect) =>
        concurrently(connect, 2, async (client, n, i) => {
          await client.ask(`SADD s ${n}.${i} ${i % 3}`)
          await client.ask(i % 4 === 0 ? `SREM s ${i % 3}` : 'SMEMBERS s')
          await client.ask(`SISMEMBER s ${n}.${i}`)
        }),
    },
    {
      name: 'a queue',
      verdict: 'met',
      options: { model: 'queue' },
      run: (connect) =>
        concurrently(connect, 3, async (client, n, i) => {
          await client.ask(`LPUSH jobs ${n}.${i}`)
          await client.ask(i % 2 === 0 ? 'RPOP jobs' : 'BRPOP jobs 1')
          if (i % 5 === 0) await client.ask('RPOP jobs')
        }),
    },
    {
      name: 'a script of which nothing is known',
      verdict: 'unknown',
      run: async (connect) => {
        const client = await connect()
        await client.ask('SET x 1')
        await client.send('EVAL', COMPARE_AND_SET, '1', 'x', '1', '2')
        await client.ask('GET x')
      },
    },
  ]

  for (const use of others)
    test(`Redis gets the verdict ${use.verdict} for ${use.name}`, async (context) => {
      if (REDIS === undefined) return context.skip(WHY_SKIPPED)
      const { judge } = await used(REDIS, use)
      expect(judge().levels.linearizable).toMatchObject({ result: use.verdict })
    })
})

async function used(program: string, { options = {}, before, run }: Use) {
  const server = await startRedis(program)
  if (before !== undefined) await before(await connectTo(server))
  const recorded = await recordRedis([server], options)
  await run(() => recorded.connect())
  return recorded
}
