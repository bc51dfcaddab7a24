import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { extended } from '../../adding/extended.ts'

/** Writes by these clients, one after another, followed by a read by another client. */
function historyOf(...writers: readonly number[]): string {
  const file = join(temporaryDirectory(), 'history.jsonl')
  const operations = [
    ...writers.map((process, value) => ({ process, f: 'write', key: 'x', value })),
    { process: 9, f: 'read', key: 'x', value: writers.length === 0 ? null : writers.length - 1 },
  ]
  const lines = operations.flatMap((operation) =>
    ['invoke', 'ok'].map((type) => JSON.stringify({ ...operation, type })),
  )
  writeFileSync(file, lines.join('\n'))
  return file
}

test('a user-defined level decides the exit code of a check, and shows its evidence', async () => {
  const violated = await extended(['check', historyOf(0, 1), '--require', 'one-writer'])
  expect(violated.stdout).toMatch(/one-writer.*writers: 0, 1/)
  expect(violated.exitCode).toBe(1)
  expect((await extended(['check', historyOf(0, 0), '--require', 'one-writer'])).exitCode).toBe(0)
})

test('a user-defined level that returns unknown leads to exit code 2', async () => {
  const { stdout, exitCode } = await extended(['check', historyOf(), '--require', 'one-writer'])
  expect(stdout).toContain('why: one-writer: unknown, nobody wrote.')
  expect(exitCode).toBe(2)
})

test('chaos run --require judges a run by a user-defined level, and reports the result of the level as JSON', async () => {
  const out = temporaryDirectory()
  const sim = ['run', '--sim', '--seed', '1', '--time', '1s', '--rate', '200', '--faults', 'none', '--json']
  const { stdout, exitCode } = await extended([...sim, '--out', out, '--require', 'one-writer'])
  expect(JSON.parse(stdout).requirements).toEqual([
    { requirement: 'one-writer', met: false, found: expect.stringMatching(/^writers: \d+, \d+/), why: '' },
  ])
  expect(exitCode).toBe(1)
})

test('the error of a user-defined level that throws names the level', async () => {
  const { stderr, exitCode } = await extended(['check', historyOf(0), '--require', 'hasty'])
  expect(stderr).toContain('the level hasty threw in judge: too early to tell')
  expect(exitCode).toBe(3)
})

test('a user-defined level is suggested for a misspelt name', async () => {
  const { stderr, exitCode } = await extended(['check', historyOf(0), '--require', 'one-writter'])
  expect(stderr).toContain('Did you mean one-writer?')
  expect(exitCode).toBe(3)
})

test('the error of a user-defined level that returns nothing names the level', async () => {
  const { stderr, exitCode } = await extended(['check', historyOf(0), '--require', 'silent'])
  expect(stderr).toContain('the level silent returned undefined. Return { met: true or false, found: a string }')
  expect(exitCode).toBe(3)
})

test('--require refuses a user-defined level for a single function, because a level applies to all operations', async () => {
  const { stderr, exitCode } = await extended(['check', historyOf(0), '--require', 'one-writer of write'])
  expect(stderr).toContain('so it takes no "of" or "during": write only one-writer.')
  expect(exitCode).toBe(3)
})
