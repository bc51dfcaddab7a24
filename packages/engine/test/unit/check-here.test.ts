import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis } from '@chaosproxy/history'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { checkFiles } from '../../src/check/check-files.ts'
import { checkJob, readJob } from '../../src/check/jobs.ts'
import { USUAL_CHECK } from '../../src/check/judged.ts'
import type { CheckSpec } from '../../src/check/options.ts'
import type { CheckTask } from '../../src/check/result.ts'
import { createStopwatch } from '../../src/check/stopwatch.ts'
import { jobName } from '../../src/jobs/job-name.ts'
import { thisThread } from '../../src/jobs/this-thread.ts'

const settings: CheckSpec = { ...USUAL_CHECK, timeoutMs: millis(10_000), memoryBytes: 1e9 }

const written = (value: number): string =>
  `{"process":0,"type":"invoke","f":"write","value":${value}}\n{"process":0,"type":"ok","f":"write","value":${value}}\n`

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-check-here-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const taskOf = (file: string): CheckTask => ({
  ...{ file, settings, alone: true, again: '' },
  output: { reporters: [], screen: { width: 80, color: false, unicode: false } as never },
})

test('a small file is checked by a job on the calling thread', async () => {
  const file = join(temporaryDirectory(), 'history.jsonl')
  writeFileSync(file, written(1))
  const doing = vi.spyOn(thisThread, 'do')
  onTestFinished(() => doing.mockRestore())
  const task = taskOf(file)
  const told: string[] = []
  const results = []
  for await (const result of checkFiles([task], settings, ({ type }) => told.push(type))) results.push(result)
  expect(results).toMatchObject([{ file }])
  expect(doing.mock.calls.map(([{ kind }, spec]) => [kind, spec])).toEqual([
    ['checkOne', expect.objectContaining({ input: task })],
  ])
  expect(told).toEqual(['reading', 'checking', 'checked'])
})

describe("the name of a check's job", () => {
  const named = (file: string) =>
    [checkJob, readJob].map((job) => jobName(job, { input: taskOf(file), stopwatch: createStopwatch() }))

  test("the name of a check's job depends on the content of the file, or of the parts of a recording", () => {
    const directory = temporaryDirectory()
    const part = join(directory, 'part-0001.jsonl')
    for (const file of [part, directory]) {
      const names = [1, 2, 1].map((value) => {
        writeFileSync(part, written(value))
        return named(file)
      })
      expect(names[1]).not.toEqual(names[0])
      expect(names[2]).toEqual(names[0])
    }
  })

  test("the name of a check's job is new at each call if the input is stdin or a named pipe", () => {
    const pipe = join(temporaryDirectory(), 'history.jsonl')
    execFileSync('mkfifo', [pipe])
    for (const file of ['-', pipe]) {
      const [one, other] = [named(file), named(file)]
      for (const [n, name] of one.entries()) expect(name).not.toBe(other[n])
    }
  })
})
