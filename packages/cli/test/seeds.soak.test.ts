import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from './chaos.ts'

// What the first page of the README claims, many times over, on real processes. CHAOS_SOAK=short does a few.
const short = process.env['CHAOS_SOAK'] === 'short'

async function verdictOf(args: readonly string[]) {
  const { exitCode, stdout, stderr } = await chaos(['run', '--out', temporaryDirectory(), '--json', ...args])
  const result = stdout === '' ? undefined : JSON.parse(stdout)
  return { exitCode, stderr, linearizable: result?.levels.linearizable.result, operations: result?.operations.total }
}

describe('ten runs of Raft with ten seeds', () => {
  test.each(Array.from({ length: short ? 2 : 10 }, (_, i) => i + 1))('seed %d is linearizable', async (seed) => {
    const verdict = await verdictOf(['--seed', String(seed), '--expect', 'linearizable'])
    expect(verdict).toMatchObject({ exitCode: 0, linearizable: 'met' })
    expect(verdict.operations).toBeGreaterThan(10_000)
  })
})

describe('a deliberate mistake is caught within three runs', () => {
  // The second is caught in every other run or so: enough for people, not for a short check that must not flicker.
  test.each(short ? ['ack-before-majority'] : ['ack-before-majority', 'forget-vote'])('%s', async (bug) => {
    const verdicts: (string | undefined)[] = []
    for (const seed of [1, 2, 3]) {
      const { linearizable } = await verdictOf(['--bug', bug, '--seed', String(seed)])
      verdicts.push(linearizable)
      if (linearizable === 'violated') break
    }
    expect(verdicts).toContain('violated')
  })
})

test('asynchronous replicas show stale reads, every time', async () => {
  for (const seed of short ? [1] : [1, 2, 3])
    expect(
      await verdictOf(['--target', 'primary-replica', '--seed', String(seed), '--expect', 'linearizable']),
    ).toMatchObject({
      exitCode: 1,
      linearizable: 'violated',
    })
})
