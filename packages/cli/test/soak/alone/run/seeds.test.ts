import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../../testing/src/chaos.ts'

// Repeats the claims of the README's first page many times on real processes. CHAOS_SOAK=short repeats them a few
// times.
const short = process.env['CHAOS_SOAK'] === 'short'

async function verdictOf(args: readonly string[]) {
  const { exitCode, stdout, stderr } = await chaos(['run', '--out', temporaryDirectory(), '--json', ...args])
  const result = stdout === '' ? undefined : JSON.parse(stdout)
  return { exitCode, stderr, linearizable: result?.levels.linearizable.result, operations: result?.operations.total }
}

/** The number of operations per second without faults, which depends on the current load of the machine. */
async function undisturbedPace(seed: number): Promise<number> {
  const { operations } = await verdictOf(['--seed', String(seed), '--faults', 'none', '--time', `${PACE_S}s`])
  return operations / PACE_S
}

const PACE_S = 5
const RUN_S = 20
/**
 * The least rate of operations under consecutive partitions, kills and pauses, as a fraction of the undisturbed rate.
 * About two thirds are typical, but the machine's load changes.
 */
const LEAST_SHARE = 0.25

describe('Raft on real processes', () => {
  test.each(Array.from({ length: short ? 1 : 10 }, (_, i) => i + 1))(
    'Raft on real processes is linearizable with seed %d',
    async (seed) => {
      const pace = await undisturbedPace(seed)
      const verdict = await verdictOf(['--seed', String(seed), '--time', `${RUN_S}s`, '--expect', 'linearizable'])
      expect(verdict).toMatchObject({ exitCode: 0, linearizable: 'met' })
      expect(pace).toBeGreaterThan(50)
      expect(verdict.operations).toBeGreaterThan(LEAST_SHARE * pace * RUN_S)
    },
  )
})

describe('a planted bug in real processes', () => {
  // The bug forget-vote is found in about every other run, which is too rare for a short test.
  test.each(short ? ['ack-before-majority'] : ['ack-before-majority', 'forget-vote'])(
    'a planted bug in real processes is found within three runs: %s',
    async (bug) => {
      const verdicts: (string | undefined)[] = []
      for (const seed of [1, 2, 3]) {
        const { linearizable } = await verdictOf(['--bug', bug, '--seed', String(seed)])
        verdicts.push(linearizable)
        if (linearizable === 'violated') break
      }
      expect(verdicts).toContain('violated')
    },
  )
})

test('asynchronous replicas return stale reads in every run', async () => {
  for (const seed of short ? [1] : [1, 2, 3])
    expect(
      await verdictOf(['--target', 'primary-replica', '--seed', String(seed), '--expect', 'linearizable']),
    ).toMatchObject({
      exitCode: 1,
      linearizable: 'violated',
    })
})
