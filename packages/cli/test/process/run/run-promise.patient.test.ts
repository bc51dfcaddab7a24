import { describe, expect } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'

/** Performs a run in virtual time, and returns its JSON output. */
async function simulate(...args: readonly string[]) {
  const seed = args.includes('--seed') ? [] : ['--seed', '1']
  const command = ['run', '--sim', '--rate', '300', '--out', temporaryDirectory(), '--json', ...seed, ...args]
  const { exitCode, stdout } = await chaosHere(command)
  return { exitCode, result: JSON.parse(stdout) }
}

/** A Raft with a bug, and a seed with which a client observes the bug. */
const broken = ['--bug', 'forget-vote', '--seed', '51', '--rate', '2000']

describe('a run without --expect', () => {
  patientTest('a run without --expect fails if the target breaks its promise', async () => {
    const { exitCode, result } = await simulate(...broken)
    expect(result).toMatchObject({
      expected: 'linearizable',
      expectation: { level: 'linearizable', promised: true, met: false },
    })
    expect(exitCode).toBe(1)
  })

  test('a run without --expect expects what the target promises under the given settings', async () => {
    const strict = await simulate('--target', 'primary-replica', '--set', 'sync=majority', '--set', 'reads=primary')
    expect(strict).toMatchObject({ exitCode: 0, result: { expected: 'linearizable', expectation: { met: true } } })
  })

  test('a run without --expect only observes if the target promises nothing', async () => {
    const { exitCode, result } = await simulate('--target', 'primary-replica', '--seed', '1')
    expect(result.levels.linearizable.result).toBe('violated')
    expect(result).toMatchObject({ expected: 'none' })
    expect(result.expectation).toBeUndefined()
    expect(exitCode).toBe(0)
  })

  test('a run without --expect consists of reads, and passes, if the target supports no other operation', async () => {
    const { exitCode, result } = await simulate('--target', 'balancer', '--set', 'backend=files')
    expect(result).toMatchObject({ expected: 'linearizable', expectation: { met: true }, vacuous: [] })
    expect(exitCode).toBe(0)
  })

  test('a run without --expect prints the level that the target promises, and checks that level', async () => {
    const out = ['--out', temporaryDirectory()]
    const { exitCode, stdout, stderr } = await chaosHere([
      'run',
      '--sim',
      '--time',
      '5s',
      '--rate',
      '300',
      '--seed',
      '1',
      ...out,
    ])
    expect(stderr).toContain('held to linearizable')
    expect(stdout).toContain('promised linearizable, found linearizable')
    expect(exitCode).toBe(0)
  })
})

test('--expect none only observes, even if a level is violated', async () => {
  const { exitCode, result } = await simulate(...broken, '--expect', 'none')
  expect(result.levels.linearizable.result).toBe('violated')
  expect(result.expected).toBe('none')
  expect(exitCode).toBe(0)
})

test('--expect LEVEL overrides the promise', async () => {
  const { result } = await simulate('--time', '2s', '--faults', 'none', '--expect', 'eventual')
  expect(result).toMatchObject({ expected: 'eventual', expectation: { level: 'eventual' } })
  expect(result.expectation.promised).toBeUndefined()
})
