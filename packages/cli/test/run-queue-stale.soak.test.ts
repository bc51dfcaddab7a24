import { expect, test } from 'vitest'
import { installed } from '../../proxy/test/real-servers.ts'
import { chaos, temporaryDirectory } from './chaos.ts'
import { joined, queueOf } from './queue-process.ts'

const skewed = new URL('./skewed-clock.mjs', import.meta.url).href
/** In the short form, until one seed has shown it. */
const SEEDS = [2, 3, 1, 4, 5]
const isShort = process.env['CHAOS_SOAK'] === 'short'

/** The clock of a worker is ahead by so many milliseconds, and gains so many parts in a million. */
const clock = (ahead: number, drift: number) => ({
  NODE_OPTIONS: `--import ${skewed}`,
  CHAOS_TEST_AHEAD_MS: String(ahead),
  CHAOS_TEST_DRIFT: String(drift),
})

test.skipIf(installed('redis-server') === undefined)(
  'stale reads of a Raft that two workers with skewed clocks drive are found, or unknown because of the clocks',
  async () => {
    const queue = await queueOf()
    await joined(queue, [], clock(50, 300))
    await joined(queue, [], clock(-50, -300))
    const run = async (seed: number, more: readonly string[]) => {
      const words = ['run', '--target', 'raft', '--nodes', '3', '--keys', '2', '--rate', '300', '--timeout', '500ms']
      const { stdout } = await chaos([
        ...[...words, '--seed', String(seed), '--queue', queue, '--workers', '2', '--json'],
        ...['--expect', 'linearizable', '--out', temporaryDirectory(), ...more],
      ])
      const { result, reason = '' } = JSON.parse(stdout).levels.linearizable
      if (result === 'unknown') expect(reason).toMatch(/clock/)
      return result as string
    }
    const found: string[] = []
    for (const seed of SEEDS) {
      if (!isShort) expect(await run(seed, ['--time', '4s'])).not.toBe('violated')
      found.push(await run(seed, ['--time', '6s', '--bug', 'stale-read']))
      if (isShort && found.includes('violated')) break
    }
    expect(found).toContain('violated')
  },
)
