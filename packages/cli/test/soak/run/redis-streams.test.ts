import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// When a lagging replica takes over, a Redis stream loses some state of its consumer group. With WAIT, it loses none.

const seeds = [1, 2, 3]
const program = installed('redis-server')
const why = program === undefined ? `: ${whySkipped('redis-server')}` : ''

interface RunResult {
  readonly levels: { readonly [level: string]: { readonly result: string } }
  readonly lost: readonly unknown[]
}

async function run(seed: number, ...args: readonly string[]): Promise<RunResult> {
  const file = join(temporaryDirectory(), 'faults.json')
  const failover = { id: 'failover', kind: 'failover', nodes: 'follower', fromMs: 1_000, toMs: 2_000 }
  writeFileSync(file, JSON.stringify([failover]))
  const typed = ['run', '--target', 'redis', '--workload', 'work-queue', '--seed', String(seed), '--expect', 'none']
  // A long timeout, so that a busy machine does not cause a failover.
  const load = ['--set', 'down-after-ms=60000', '--clients', '12', '--rate', '600', '--time', '4s', '--faults', file]
  const { stdout, stderr } = await chaosHere([...typed, ...load, '--json', '--out', temporaryDirectory(), ...args])
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout) as RunResult
}

describe.skipIf(program === undefined)(`a live consumer group of a Redis stream${why}`, { timeout: 180_000 }, () => {
  test.each(seeds)(
    'a failover of Redis loses stream messages that the old primary acknowledged (seed %i)',
    async (seed) => {
      const { levels, lost } = await run(seed)
      expect(levels['at-least-once']).toMatchObject({ result: 'violated' })
      expect(lost.length).toBeGreaterThan(0)
    },
  )

  test.each(seeds)(
    'a failover of Redis keeps stream messages and leases that WAIT confirmed (seed %i)',
    async (seed) => {
      const { levels, lost } = await run(seed, '--set', 'wait=all')
      expect(levels['leased']?.result).not.toBe('violated')
      expect(lost).toEqual([])
    },
  )
})
