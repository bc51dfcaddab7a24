import { expect, test } from 'vitest'

import { type Ran, ran, serving } from '../../../../testing/src/simulated.ts'
import { stopped } from '../../../../testing/src/stopped.ts'

/** A program whose first node adds jobs, and whose nodes all process jobs. */
const queueing = serving(`
  import { Queue, Worker } from 'bullmq'
  const connection = { host: 'redis', port: 6379, maxRetriesPerRequest: null, retryStrategy: () => 50 }
  const quiet = (each) => each.on('error', () => {})
  const told = (...values) => console.log(JSON.stringify(values))
  const work = async (job) => {
    await new Promise((resolve) => setTimeout(resolve, 200))
    if (job.data.fails && job.attemptsMade === 0) throw new Error('once')
    told(job.name)
    return job.data.n * 2
  }
  quiet(new Worker('mail', work, { connection, concurrency: 2, lockDuration: 1000, stalledInterval: 700 }))
  if (process.env['NODE_ID'] === 'n1') {
    const queue = quiet(new Queue('mail', { connection }))
    for (let n = 0; n < 6; n++)
      await queue.add('job ' + n, { n, fails: n === 3 }, { attempts: 3, backoff: 10, priority: n % 2, delay: n === 5 ? 300 : 0 })
    setTimeout(async () => told(await queue.getJobCounts('completed', 'failed', 'waiting', 'active')), 3500)
  }
`)

const options = { redis: 'simulated', nodes: 2, forMs: 4_000 } as const

/** Returns the names of the finished jobs, and the line with the counts of the queue. */
function done({ lines }: Ran): { readonly names: readonly string[]; readonly counts: string | undefined } {
  const told = lines.map((line) => line.replace(/^n\d: /, ''))
  const names = told.filter((line) => line.includes('job')).map((line) => JSON.parse(line)[0] as string)
  return { names: names.sort(), counts: told.find((line) => line.includes('completed')) }
}

const JOBS = Array.from({ length: 6 }, (_, n) => `job ${n}`)
const COUNTS = '[{"completed":6,"failed":0,"waiting":0,"active":0}]'

test('unmodified BullMQ runs each job once, with priorities, delays and retries', async () => {
  expect(done(await ran(queueing, options))).toEqual({ names: JOBS, counts: COUNTS })
})

test('BullMQ gives the job of a killed worker to another worker, with the same trace for the same seed', async () => {
  const killing = { ...options, meanwhile: stopped(250, 3_000, 'n2') }
  const [one, same, other] = [
    await ran(queueing, killing),
    await ran(queueing, killing),
    await ran(queueing, { ...killing, seed: 2 }),
  ]
  expect(done(one)).toEqual({ names: JOBS, counts: COUNTS })
  expect(same.trace).toEqual(one.trace)
  expect(other.trace).not.toEqual(one.trace)
})

test('BullMQ loses no job if the Redis itself is killed and restarted', async () => {
  const { names, counts } = done(await ran(queueing, { ...options, meanwhile: stopped(300, 200) }))
  expect(counts).toBe(COUNTS)
  expect(new Set(names)).toEqual(new Set(JOBS))
})

test('unmodified node-redis uses scripts, streams and subscriptions over RESP2 and RESP3', async () => {
  const program = serving(`
    import { createClient } from 'redis'
    const told = (...values) => console.log(JSON.stringify(values))
    for (const RESP of [2, 3]) {
      const client = createClient({ url: process.env['REDIS_URL'], RESP })
      client.on('error', () => {})
      await client.connect()
      await client.flushAll()
      await client.set('a', 'é', { EX: 100 })
      await client.zAdd('z', [{ score: 1, value: 'one' }, { score: 2.5, value: 'two' }])
      await client.hSet('h', { f: '1', g: '2' })
      told(await client.get('a'), await client.zRangeWithScores('z', 0, -1), await client.hGetAll('h'))
      told(await client.eval('return {KEYS[1], ARGV[1], redis.call("HGET", KEYS[1], "g")}', { keys: ['h'], arguments: ['x'] }))
      await client.xGroupCreate('s', 'workers', '0', { MKSTREAM: true })
      await client.xAdd('s', '1-1', { job: 'mail' })
      const read = await client.xReadGroup('workers', 'w1', { key: 's', id: '>' }, { COUNT: 10 })
      told(read?.[0]?.messages ?? read, (await client.xPending('s', 'workers')).pending, await client.xAck('s', 'workers', '1-1'))
      const other = client.duplicate()
      await other.connect()
      await new Promise((heard) => other.subscribe('news' + RESP, (text) => { told(text); heard() }).then(() => client.publish('news' + RESP, 'hello')))
      const [waited] = await Promise.all([other.duplicate().connect().then((third) => third.xRead({ key: 's', id: '$' }, { BLOCK: 500 })), client.ping()])
      told(waited)
      told(await client.multi().incr('n').incr('n').exec())
    }`)
  const { lines, broken } = await ran(program, { redis: 'simulated', forMs: 3_000 })
  expect(broken).toBeUndefined()
  const each = [
    '["é",[{"value":"one","score":1},{"value":"two","score":2.5}],{"f":"1","g":"2"}]',
    '[["h","x","2"]]',
    '[[{"id":"1-1","message":{"job":"mail"}}],1,1]',
    '["hello"]',
    '[null]',
    '[[1,2]]',
  ]
  expect(lines).toEqual([...each, ...each].map((line) => `n1: ${line}`))
})
