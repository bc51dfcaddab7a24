import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { doEach, doneOf, type Job } from '../src/jobs/job.ts'
import { jobName } from '../src/jobs/job-name.ts'
import { once } from '../src/jobs/once.ts'
import { thisThread } from '../src/jobs/this-thread.ts'

interface Sum {
  readonly numbers: readonly number[]
  readonly file?: string
}

const summing = (done: (spec: Sum) => void = () => {}): Job<Sum, number> => ({
  kind: 'sum',
  reads: ({ file }) => (file === undefined ? [] : [file]),
  async run({ spec }) {
    done(spec)
    return spec.numbers.reduce((sum, each) => sum + each, 0)
  },
})

describe('the name of a job', () => {
  test('is that of its content, whatever the order of its members', () => {
    const [one, other] = [
      { kind: 'run', reads: () => [], run: async () => 0 },
      { kind: 'rerun', reads: () => [], run: async () => 0 },
    ]
    expect(jobName(one, { a: 1, b: { c: [2], d: 3 } })).toBe(jobName(one, { b: { d: 3, c: [2] }, a: 1 }))
    expect(jobName(one, { a: 1, b: undefined })).toBe(jobName(one, { a: 1 }))
    expect(jobName(one, { a: 1 })).not.toBe(jobName(one, { a: 2 }))
    expect(jobName(one, { a: [1, 2] })).not.toBe(jobName(one, { a: [2, 1] }))
    expect(jobName(one, { a: 1 })).not.toBe(jobName(other, { a: 1 }))
  })

  test('is another once a file that it reads has changed', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'chaos-jobs-')), 'protocol.ts')
    const names = ['first', 'second', 'first'].map((text) => {
      writeFileSync(file, text)
      return jobName(summing(), { numbers: [1], file })
    })
    expect(names[0]).not.toBe(names[1])
    expect(names[2]).toBe(names[0])
  })
})

describe('jobs', () => {
  test('of one name are done once, and have one result', async () => {
    const done: Sum[] = []
    const pool = once(thisThread)
    const job = summing((spec) => done.push(spec))
    const specs = [[1, 2], [3], [1, 2]].map((numbers) => ({ numbers }))
    const ends = await Promise.all(specs.map((spec) => pool.do(job, spec)))
    expect(ends.map(doneOf)).toEqual([3, 3, 3])
    expect(done).toHaveLength(2)
  })

  test('are asked for only when one can begin, so that nobody has to know them all before', async () => {
    const told: string[] = []
    function* specs() {
      for (const number of [1, 2, 3]) {
        told.push(`asked for ${number}`)
        yield number
      }
    }
    await doEach(1, specs(), async (number) => {
      told.push(`done ${number}`)
    })
    expect(told).toEqual(['asked for 1', 'done 1', 'asked for 2', 'done 2', 'asked for 3', 'done 3'])
  })

  test('that fail on this thread end with what was thrown, and are not begun once they are given up', async () => {
    const failing: Job<Sum, number> = { ...summing(), run: () => Promise.reject(new Error('no sum')) }
    const end = await thisThread.do(failing, { numbers: [] })
    expect(() => doneOf(end)).toThrow('no sum')
    const given = await thisThread.do(summing(), { numbers: [] }, { signal: AbortSignal.abort() })
    expect(given.type).toBe('given up')
  })
})
