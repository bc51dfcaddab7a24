import { FlowProducer, Queue, UnrecoverableError, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { installed, startRedis, whySkipped } from '../../../testing/src/servers.ts'
import { thisThread } from '../../src/jobs/this-thread.ts'
import type { Outcome } from '../../src/queue/awaited-jobs.ts'
import { openBoard, type Priority } from '../../src/queue/board.ts'
import { openQueuePool } from '../../src/queue/pool.ts'
import { work } from '../../src/queue/worker/work.ts'
import { seedsJob } from '../../src/search/jobs.ts'
import { searchKinds } from '../../src/search/queue-kinds.ts'
import type { SeedsSpec } from '../../src/search/worker.ts'

const redis = installed('redis-server')

const seeds: SeedsSpec = {
  subject: {
    ...{
      target: 'raft',
      bug: undefined,
      targetSettings: {},
      level: 'linearizable',
      workload: 'register',
      settings: {},
    },
    ...{ nodes: undefined, operations: 60 },
  },
  ...{ first: 1, count: 64, strategies: ['uniform'], invariants: true, verifyDeterminism: false, stopAtFirst: true },
}

interface Closed {
  close(): Promise<unknown>
}

const closing = <Part extends Closed>(part: Part): Part => {
  onTestFinished(() => void part.close())
  return part
}

async function started() {
  const { host, port } = await startRedis(redis!)
  const queue = `redis://${host}:${port}`
  return { queue, connection: { url: queue, maxRetriesPerRequest: null } }
}

describe.skipIf(redis === undefined)(`a pool on a queue${redis ? '' : `: ${whySkipped('redis-server')}`}`, () => {
  test('a pool on a queue that is closed gives up the jobs that no worker has begun', async () => {
    const { host, port } = await startRedis(redis!)
    const pool = await openQueuePool(`redis://${host}:${port}`, thisThread, { kinds: searchKinds })
    const waiting = pool.do(seedsJob, seeds)
    await pool.close()
    expect(await waiting).toMatchObject({ type: 'given up' })
  })

  test('a queue runs jobs of high priority first and jobs of low priority last', async () => {
    const { queue, connection } = await started()
    const known = closing(new Queue('chaos', { connection }))
    for (const [n, priority] of (['low', 'usual', 'high', 'low'] satisfies Priority[]).entries()) {
      void closing(await openBoard(queue, priority)).outcomeOf('plain', `${priority}-${n}`, {})
      while ((await known.getJob(`${priority}-${n}`)) === undefined) await new Promise(setImmediate)
    }
    const done: (string | undefined)[] = []
    closing(new Worker('chaos', async ({ id }) => void done.push(id), { connection }))
    while (done.length < 4) await new Promise(setImmediate)
    expect(done).toEqual(['high-2', 'usual-1', 'low-0', 'low-3'])
  })

  test('a queue runs each job once, and returns the stored result if the job is added again', async () => {
    const { queue, connection } = await started()
    let done = 0
    const perform = async ({ data }: { data: unknown }) => {
      done += 1
      return { data }
    }
    closing(new Worker('chaos', perform, { connection }))
    for (let time = 0; time < 2; time++) {
      const board = closing(await openBoard(queue))
      const ends = await Promise.all(['one', 'two'].map((name) => board.outcomeOf('plain', name, { name })))
      expect(ends).toEqual(['one', 'two'].map((name) => ({ type: 'value', value: { data: { name } } })))
    }
    expect(done).toBe(2)
  })

  test('a queue runs about one Redis script for each call of the coordinator, and one for each job of a worker', async () => {
    const { queue, connection } = await started()
    const client = new Redis(queue)
    onTestFinished(() => client.disconnect())
    const scripts = async () =>
      [...(await client.info('commandstats')).matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)]
        .map(([, calls]) => Number(calls))
        .reduce((sum, calls) => sum + calls, 0)
    closing(new Worker('chaos', async () => ({}), { connection }))
    const board = closing(await openBoard(queue))
    await board.outcomeOf('plain', 'first', {})
    const before = await scripts()
    let asked = 0
    const end = async (name: string): Promise<Outcome> => {
      asked++
      const outcome = await board.outcomeOf('plain', name, {})
      // `outcomeOf` waits for a limited time. On a busy machine, a job may take longer.
      return outcome.type === 'pending' ? end(name) : outcome
    }
    const ends = await Promise.all(Array.from({ length: 100 }, (_, n) => end(`job ${n}`)))
    expect(new Set(ends.map(({ type }) => type))).toEqual(new Set(['value']))
    // Each call of `outcomeOf` runs one script. The worker runs one script for each job, and a few others when it
    // starts and ends.
    expect((await scripts()) - before).toBeLessThan(asked + 150)
  })

  test("a queue returns the worker's reason for the failure of a job", async () => {
    const { queue, connection } = await started()
    const perform = () => Promise.reject(new UnrecoverableError('the disk is full'))
    closing(new Worker('chaos', perform, { connection }))
    const board = closing(await openBoard(queue))
    expect(await board.outcomeOf('plain', 'one', {})).toEqual({ type: 'failed', why: 'the disk is full' })
  })

  // chaos does not merge results in the parent job of a BullMQ flow. Such a job would miss results that are already
  // known, and results of jobs in another flow.
  test('a BullMQ parent job does not wait for children that belong to other flows', async () => {
    const { connection } = await started()
    const flows = closing(new FlowProducer({ connection }))
    const children = (...names: string[]) =>
      names.map((jobId) => ({ name: 'job', queueName: 'children', opts: { jobId } }))
    const merge = (name: string, ...names: string[]) =>
      flows.add({ name, queueName: 'parents', opts: { jobId: name }, children: children(...names) })
    const merged = new Map<string | undefined, readonly string[]>()
    closing(new Worker('children', async ({ id }) => id, { connection }))
    const parent = async (job: { id?: string | undefined; getChildrenValues(): Promise<object> }) =>
      void merged.set(job.id, Object.values(await job.getChildrenValues()).sort())
    await merge('first', 'a', 'b')
    closing(new Worker('parents', parent, { connection }))
    while (!merged.has('first')) await new Promise(setImmediate)
    await merge('second', 'b', 'c')
    while (!merged.has('second')) await new Promise(setImmediate)
    expect([...merged]).toEqual([
      ['first', ['a', 'b']],
      ['second', ['c']],
    ])
  })
})

describe.skipIf(redis === undefined)(`a queue worker${redis ? '' : `: ${whySkipped('redis-server')}`}`, () => {
  test('a queue worker starts no more jobs per second than its limit', async () => {
    const { queue, connection } = await started()
    const waiting = closing(new Queue('chaos', { connection }))
    for (const n of [1, 2, 3]) await waiting.add('no job of chaos', { n })
    const refusedAt: number[] = []
    const leaving = new AbortController()
    const listener = ({ type }: { readonly type: string }) => {
      if (type === 'refused') refusedAt.push(performance.now())
      if (refusedAt.length === 3) leaving.abort()
    }
    await work({ queue, threads: 1, rate: 1, listener, signal: leaving.signal })
    const [first = 0, , third = 0] = refusedAt
    expect(third - first).toBeGreaterThan(1_000)
  })
})
