import { describe, expect, test } from 'vitest'
import { installed, startRedis, whySkipped } from '../../proxy/test/real-servers.ts'
import { thisThread } from '../src/jobs/this-thread.ts'
import { openQueuePool } from '../src/queue/pool.ts'
import { seedsJob } from '../src/search/jobs.ts'
import type { SeedsSpec } from '../src/search/worker.ts'

const redis = installed('redis-server')

const seeds: SeedsSpec = {
  subject: {
    ...{ target: 'raft', bug: undefined, knobs: {}, level: 'linearizable', workload: 'register', settings: {} },
    ...{ nodes: undefined, operations: 60 },
  },
  ...{ first: 1, count: 64, strategies: ['uniform'], invariants: true, verifyDeterminism: false, stopAtFirst: true },
}

describe.skipIf(redis === undefined)(`a pool on a queue${redis ? '' : `: ${whySkipped('redis-server')}`}`, () => {
  test('gives up the jobs that nobody has begun when it is closed', async () => {
    const { host, port } = await startRedis(redis!)
    const pool = await openQueuePool(`redis://${host}:${port}`, thisThread)
    const waiting = pool.do(seedsJob, seeds)
    await pool.close()
    expect(await waiting).toMatchObject({ type: 'given up' })
  })
})
