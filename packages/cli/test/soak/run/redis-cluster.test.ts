import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// The writes that a Redis Cluster loses and keeps when a master is cut off and its replica takes over.

const seeds = [1, 2, 3]
const program = installed('redis-server')
const why = program === undefined ? `: ${whySkipped('redis-server')}` : ''

interface RunResult {
  readonly levels: { readonly [level: string]: { readonly result: string } }
  readonly accounting: { readonly acknowledged: number }
}

async function run(seed: number, ...args: readonly string[]): Promise<RunResult> {
  const typed = ['run', '--target', 'redis-cluster', '--workload', 'set', '--seed', String(seed), '--expect', 'none']
  const load = ['--rate', '400', '--time', '8s', '--json', '--out', temporaryDirectory()]
  const { stdout, stderr } = await chaosHere([...typed, ...load, ...args])
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout) as RunResult
}

/** A long timeout, so that a busy machine does not cause a failover. */
const PATIENT = ['--set', 'node-timeout-ms=20000']

/**
 * Writes a schedule that isolates a master from all other nodes, but not from clients. The partition lasts longer than
 * a failover.
 */
function cutOff(): string {
  const file = join(temporaryDirectory(), 'faults.json')
  const fault = { id: 'cut', kind: 'partition', links: 'isolate-leader', fromMs: 2_000, toMs: 6_000 }
  writeFileSync(file, JSON.stringify([fault]))
  return file
}

describe.skipIf(program === undefined)(`a live Redis Cluster${why}`, { timeout: 180_000 }, () => {
  test.each(seeds)('Redis Cluster loses writes that an isolated master acknowledged (seed %i)', async (seed) => {
    const { levels } = await run(seed, '--faults', cutOff())
    expect(levels['eventual']?.result).toBe('violated')
  })

  test.each(seeds)('Redis Cluster keeps writes that WAIT confirmed (seed %i)', async (seed) => {
    const { levels, accounting } = await run(seed, '--set', 'wait=1', '--timeout', '3s', '--faults', cutOff())
    expect(accounting.acknowledged).toBeGreaterThan(0)
    expect(levels['eventual']?.result).toBe('met')
  })

  test.each(seeds)(
    'Redis Cluster is linearizable without faults, and during a requested takeover by a replica (seed %i)',
    async (seed) => {
      expect((await run(seed, ...PATIENT, '--faults', 'none')).levels['linearizable']?.result).toBe('met')
      expect((await run(seed, ...PATIENT, '--faults', 'failover')).levels['linearizable']?.result).toBe('met')
    },
  )

  test.each(seeds)('Redis Cluster returns stale reads from lagging replicas (seed %i)', async (seed) => {
    const file = join(temporaryDirectory(), 'faults.json')
    const lag = { id: 'lag', kind: 'latency', latencyMs: 100, links: 'between-nodes', fromMs: 0, toMs: 8_000 }
    writeFileSync(file, JSON.stringify([lag]))
    const { levels } = await run(seed, ...PATIENT, '--set', 'reads=replicas', '--faults', file)
    expect(levels['linearizable']?.result).toBe('violated')
    expect(levels['eventual']?.result).toBe('met')
  })
})
