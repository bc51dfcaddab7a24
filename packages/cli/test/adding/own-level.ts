import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../testing/src/chaos.ts'

/** Process 1 sees the second write of process 0, and then the first. */
const back = [
  [0, 'write', 1],
  [0, 'write', 2],
  [1, 'read', 2],
  [1, 'read', 1],
] as const

function historyOf(operations: readonly (readonly [number, string, number])[]): string {
  const file = join(temporaryDirectory(), 'history.jsonl')
  const lines = operations.flatMap(([process, f, value]) => [
    { process, type: 'invoke', f, value: f === 'read' ? null : value },
    { process, type: 'ok', f, value },
  ])
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'))
  return file
}

test('a level added to the registry by one line is listed, decided, expected and reported', async () => {
  const { stdout: help } = await chaosHere(['check', '--help'])
  expect(help.replaceAll(/\s+/g, ' ')).toContain('linearizable, sequential, own-level, causal,')

  const violated = historyOf(back)
  const { stdout, exitCode } = await chaosHere(['check', violated, '--expect', 'own-level', '--json'])
  expect(exitCode).toBe(1)
  const { levels, headline } = JSON.parse(stdout)
  expect(levels['own-level']).toMatchObject({
    result: 'violated',
    counterexample: { sentence: expect.stringContaining('but then read 1, which is older') },
  })
  expect(headline).not.toContain('by the level of this test')
  expect((await chaosHere(['check', violated, '--expect', 'own-level'])).stdout).toContain('NOT AS THIS TEST WANTS IT')
  expect((await chaosHere(['explain', violated])).stdout).toContain('whatever this test asks for')
  expect((await chaosHere(['check', violated, '--level', 'own-leve'])).stderr).toContain('Did you mean own-level?')

  // Two processes see two writes in different orders: a causal order explains that, a sequential one does not.
  const met = historyOf([
    [0, 'write', 1],
    [1, 'write', 2],
    [2, 'read', 1],
    [3, 'read', 2],
    [2, 'read', 2],
    [3, 'read', 1],
  ])
  const { stdout: page } = await chaosHere(['check', met, '--json'])
  expect(JSON.parse(page)).toMatchObject({
    headline: 'consistent by the level of this test, not sequentially',
    levels: { 'own-level': { result: 'met' }, sequential: { result: 'violated' } },
  })
})

test('a run can be expected to meet a level that is added to the registry', async () => {
  const args = ['run', '--sim', '--seed', '1', '--time', '1s', '--faults', 'none', '--json', '--out']
  const { stdout, exitCode } = await chaosHere([...args, temporaryDirectory(), '--expect', 'own-level'])
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ levels: { 'own-level': { result: 'met' } } })
})
