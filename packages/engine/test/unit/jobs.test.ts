import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { doEach, doneOf, type Job } from '../../src/jobs/job.ts'
import { jobName } from '../../src/jobs/job-name.ts'
import { once } from '../../src/jobs/once.ts'
import { thisThread } from '../../src/jobs/this-thread.ts'
import { userFilesOf } from '../../src/references/user-files.ts'

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

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-jobs-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

describe('the name of a job', () => {
  test('the name of a job depends on the content of the job, but not on the order of its members', () => {
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

  test('the name of a job changes with the content of the files that the job reads', () => {
    const file = join(temporaryDirectory(), 'protocol.ts')
    const names = ['first', 'second', 'first'].map((text) => {
      writeFileSync(file, text)
      return jobName(summing(), { numbers: [1], file })
    })
    expect(names[0]).not.toBe(names[1])
    expect(names[2]).toBe(names[0])
  })

  const protocolWith = (text: string): ((files: { readonly [path: string]: string }) => string) => {
    const directory = temporaryDirectory()
    const write = (path: string, content: string) => {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), content)
    }
    write('protocol.ts', text)
    return (files) => {
      for (const [path, content] of Object.entries(files)) write(path, content)
      return jobName(summing(), { numbers: [1], file: join(directory, 'protocol.ts') })
    }
  }

  test.each([
    ['as it is', "import { quorum } from './quorum.ts'", 'quorum.ts'],
    ['as the JavaScript that it becomes', 'import { quorum } from "./quorum.js"', 'quorum.ts'],
    ['without its ending', "export * from './quorum'", 'quorum.mts'],
    ['by its folder', "import quorum from './quorum'", 'quorum/index.ts'],
    ['by require', "const { quorum } = require('./quorum')", 'quorum.cjs'],
    ['while it runs', "const quorum = await import('./quorum.ts')", 'quorum.ts'],
    ['by a file between them', "import './between.ts'", 'inner/quorum.ts'],
    ['to read it', "readFileSync(new URL('./quorum.json', import.meta.url))", 'quorum.json'],
    ['from a package', "import { quorum } from '@some/quorum/majority'", 'node_modules/@some/quorum/package.json'],
  ])('the name of a job changes with a file that the job file refers to (%s)', (_, text, changed) => {
    const named = protocolWith(text)
    const between = { 'between.ts': "import { quorum } from './inner/quorum'\nimport './protocol.ts'" }
    const [first, second, third] = ['1', '2', '1'].map((content) => named({ ...between, [changed]: content }))
    expect(second).not.toBe(first)
    expect(third).toBe(first)
  })

  test('the name of a job is new at each call if the job file has an import that cannot be resolved in advance', () => {
    const computed = 'require(`./$' + '{name}.ts`)'
    for (const text of ['await import(name)', computed, "import { quorum } from '#quorum'"]) {
      const named = protocolWith(text)
      expect(named({}), text).not.toBe(named({}))
    }
    const named = protocolWith("import { quorum } from 'quorum'")
    const unlike = named({ 'packages/quorum/package.json': '{}', 'node_modules/other/package.json': '{}' })
    expect(named({})).toBe(unlike)
  })

  test('the name of a job is new at each call if the job file imports a linked package', () => {
    const directory = temporaryDirectory()
    for (const folder of ['quorum', 'node_modules']) mkdirSync(join(directory, folder))
    writeFileSync(join(directory, 'quorum/package.json'), '{}')
    symlinkSync(join(directory, 'quorum'), join(directory, 'node_modules/quorum'))
    symlinkSync(join(directory, 'quorum'), join(directory, 'node_modules/chaosproxy'))
    const file = join(directory, 'protocol.ts')
    const named = () => jobName(summing(), { numbers: [1], file })
    writeFileSync(file, "import { quorum } from 'quorum'")
    expect(named()).not.toBe(named())
    writeFileSync(file, "import { defineMachine } from 'chaosproxy'")
    expect(named()).toBe(named())
  })
})

test('userFilesOf returns the paths in a spec, and the paths in its start command', () => {
  const directory = temporaryDirectory()
  const program = join(directory, 'node.py')
  writeFileSync(program, '')
  expect(userFilesOf('raft', './mine.ts')).toEqual(['./mine.ts'])
  expect(userFilesOf(`exec:python3 ${program} --fast`, 'register')).toEqual([program])
})

describe('jobs', () => {
  test('jobs with the same name run once, and all callers get the result', async () => {
    const done: Sum[] = []
    const pool = once(thisThread)
    const job = summing((spec) => done.push(spec))
    const specs = [[1, 2], [3], [1, 2]].map((numbers) => ({ numbers }))
    const ends = await Promise.all(specs.map((spec) => pool.do(job, spec)))
    expect(ends.map((end) => doneOf(end, 'a sum'))).toEqual([3, 3, 3])
    expect(done).toHaveLength(2)
  })

  test('jobs are requested from their source only when they can begin', async () => {
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

  test('jobs report their error or the reason for a stop, and do not begin after an abort', async () => {
    const failing: Job<Sum, number> = { ...summing(), run: () => Promise.reject(new Error('no sum')) }
    const end = await thisThread.do(failing, { numbers: [] })
    expect(() => doneOf(end, 'a sum')).toThrow('no sum')
    const left = { reading: { unit: 0, calls: 0, within: 0 }, described: '' }
    expect(() => doneOf({ type: 'stopped', why: 'memory', ...left }, 'a run of mine.ts with seed 3')).toThrow(
      'a run of mine.ts with seed 3 exceeded the memory limit of its thread, and was stopped.',
    )
    const given = await thisThread.do(summing(), { numbers: [] }, { signal: AbortSignal.abort() })
    expect(given.type).toBe('given up')
  })
})
