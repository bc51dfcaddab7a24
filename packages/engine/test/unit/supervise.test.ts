import { describe, expect, test } from 'vitest'
import type { Job, JobEnd, Pool } from '../../src/jobs/job.ts'
import { supervise } from '../../src/search/supervise.ts'

interface Spec {
  readonly subject: { readonly target: string }
  readonly first: number
  readonly count: number
}

const job: Job<Spec, string> = { kind: 'search', reads: () => [], run: async () => 'nothing' }
const spec: Spec = { subject: { target: './protocol.ts' }, first: 65, count: 64 }

const stopped: JobEnd<never> = {
  type: 'stopped',
  why: 'memory',
  reading: { unit: 70, calls: 3, within: 1 },
  described: 'n1 on its timer',
}
const done: JobEnd<string> = { type: 'done', value: 'nothing' }

/**
 * Returns a fake pool. Its jobs end with the given results, in order. Also returns the ranges of seeds that the pool
 * was asked to run.
 */
function poolOf(...ends: readonly JobEnd<string>[]) {
  const [left, given] = [[...ends], [] as (readonly [number, number])[]]
  const pool: Pool = {
    width: 1,
    async do(_, asked) {
      const { first, count } = asked as unknown as Spec
      given.push([first, count])
      return left.shift() as JobEnd<never>
    },
    close: async () => {},
  }
  return { pool, given }
}

describe('a search job stopped because of its memory', () => {
  test('a search job that exceeds its memory is a failure of the protocol if the last seed alone exceeds the memory', async () => {
    const { pool, given } = poolOf(stopped, stopped)
    expect(await supervise(pool, job, spec)).toMatchObject({
      type: 'stuck',
      seed: 70,
      what: 'the protocol takes more memory than there is: n1 on its timer',
    })
    expect(given).toEqual([
      [65, 64],
      [70, 1],
    ])
  })

  test('a search job that exceeds its memory is repeated if its last seed alone succeeds', async () => {
    const { pool, given } = poolOf(stopped, done, done)
    expect(await supervise(pool, job, spec)).toEqual(done)
    expect(given).toEqual([
      [65, 64],
      [70, 1],
      [65, 64],
    ])
  })

  test('a search job that exceeds its memory again when repeated is a failure of the protocol', async () => {
    const { pool } = poolOf(stopped, done, stopped)
    expect(await supervise(pool, job, spec)).toMatchObject({
      type: 'stuck',
      what: 'the protocol takes more memory than there is: its step number 3',
    })
  })
})
