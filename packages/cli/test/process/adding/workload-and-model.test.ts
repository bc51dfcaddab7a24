import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { extended } from '../../adding/extended.ts'

const climbing = (...more: readonly string[]) =>
  extended([
    ...['run', '--sim', '--target', 'raft', '--time', '1s', '--rate', '100', '--seed', '1', '--faults', 'kill'],
    ...['--workload', 'climb', '--json', '--out', temporaryDirectory(), ...more],
  ])

test('a user-defined workload is listed, and suggested for a misspelt name', async () => {
  expect((await extended(['workloads'])).stdout).toMatch(
    /climb +numbers that are only ever raised[\s\S]*--workload-set step=1 {2}how far at a time/,
  )
  const { stderr, exitCode } = await climbing('--workload', 'clim')
  expect(stderr).toContain('Did you mean climb?')
  expect(exitCode).toBe(3)
})

test('a user-defined workload is run with its settings, judged, and named in the result', async () => {
  const { stdout, stderr, exitCode } = await climbing('--workload-set', 'step=7')
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  const result = JSON.parse(stdout)
  expect(result).toMatchObject({ workload: 'climb', vacuous: [], levels: { linearizable: { result: 'met' } } })
  expect(result.operations.cas).toBeGreaterThan(10)
  expect((await climbing('--workload-set', 'stp=7')).stderr).toContain('Did you mean step?')
})

/** The clients take turns: each marks a height, or reads the highest mark. */
function tide(...done: readonly (readonly [f: 'mark' | 'read', value: number])[]) {
  const lines = done.flatMap(([f, value], process) => [
    { process, type: 'invoke', f, value: f === 'mark' ? value : null, time: 2 * process },
    { process, type: 'ok', f, value, time: 2 * process + 1 },
  ])
  const file = join(temporaryDirectory(), 'history.jsonl')
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return file
}

const checkTide = (file: string, ...more: readonly string[]) =>
  extended(['check', file, '--model', 'high-water', '--initial', '0', ...more])

test('a user-defined model is in the help, has an alias, and is suggested for a misspelt name', async () => {
  expect((await extended(['check', '--help'])).stdout).toContain('high-water')
  const file = tide(['mark', 5], ['mark', 3], ['read', 5])
  const { stdout } = await extended(['check', file, '--model', 'tide', '--initial', '0', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({ model: 'high-water', levels: { linearizable: { result: 'met' } } })
  const { stderr, exitCode } = await checkTide(file, '--model', 'high-watr')
  expect(stderr).toContain('Did you mean high-water?')
  expect(exitCode).toBe(3)
})

test('two histories are compared by a user-defined model', async () => {
  const files = [tide(['mark', 5], ['mark', 3], ['read', 5]), tide(['mark', 5], ['mark', 3], ['read', 3])]
  const { stdout } = await extended(['diff', ...files, '--model', 'high-water', '--initial', '0'])
  expect(stdout).toMatch(/linearizable +met +violated +worse/)
})

test('a history that a user-defined model forbids is not linearizable by that model', async () => {
  const file = tide(['mark', 5], ['mark', 3], ['read', 3])
  const { stdout, exitCode } = await checkTide(file, '--expect', 'linearizable', '--json')
  expect(exitCode).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ model: 'high-water', levels: { linearizable: { result: 'violated' } } })
  expect((await checkTide(file)).stdout).toContain('NOT LINEARIZABLE')
})
