import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// The promises that NATS JetStream keeps and breaks. A new leader is elected four to nine seconds after the last
// message of the old one, so runs are long.

const seeds = [1, 2, 3]
const isInstalled = installed('nats-server') !== undefined
const why = isInstalled ? '' : `: ${whySkipped('nats-server')}`

interface RunResult {
  readonly levels: { readonly [level: string]: { readonly result: string } }
  readonly accounting?: {
    readonly acknowledged: number
    readonly totals: { readonly lost: number; readonly unexpected: number }
  }
  readonly operations: { readonly info: number }
}

async function run(seed: number, ...args: readonly string[]): Promise<RunResult> {
  const typed = ['run', '--target', 'nats', '--seed', String(seed), '--expect', 'none', '--json']
  const { stdout, stderr } = await chaosHere([...typed, '--out', temporaryDirectory(), ...args])
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout) as RunResult
}

interface Cut {
  readonly links: string | readonly string[]
  readonly fromMs: number
  readonly toMs: number
}

/** A schedule file of partitions that hold messages until they end. */
function scheduled(...cuts: readonly Cut[]): string {
  const file = join(temporaryDirectory(), 'faults.json')
  const faults = cuts.map((cut, index) => ({ id: `fault-${index}`, kind: 'partition', mode: 'hold', ...cut }))
  writeFileSync(file, JSON.stringify(faults))
  return file
}

/** Isolates the leader of the stream from all other nodes, but not from clients. */
const alone = (links: 'isolate-leader', fromMs: number, toMs: number): string => scheduled({ links, fromMs, toMs })

describe.skipIf(!isInstalled)(`a live NATS${why}`, () => {
  test.each(seeds)('NATS returns stale reads from an isolated replica (seed %i)', async (seed) => {
    // At least one of the two isolated nodes is a follower.
    const faults = scheduled(
      { links: ['n1>n2', 'n1>n3', 'n2>n1', 'n3>n1'], fromMs: 1_500, toMs: 4_500 },
      { links: ['n2>n1', 'n2>n3', 'n1>n2', 'n3>n2'], fromMs: 6_500, toMs: 9_500 },
    )
    const { levels } = await run(seed, '--faults', faults, '--rate', '300', '--time', '11s')
    expect(levels['linearizable']).toMatchObject({ result: 'violated' })
  })

  test.each(seeds)('NATS is linearizable without cas operations if no fault is injected (seed %i)', async (seed) => {
    const args = ['--set', 'direct=off', '--workload-set', 'cas=0', '--faults', 'none', '--rate', '300', '--time', '8s']
    const { levels } = await run(seed, ...args)
    expect(levels['linearizable']).toMatchObject({ result: 'met' })
  })

  test.each(seeds)('NATS lets two cas operations on one revision succeed, issue 4320 (seed %i)', async (seed) => {
    const often = ['--keys', '2', '--workload-set', 'cas=0.9', '--workload-set', 'reads=0.5', '--clients', '30']
    const args = ['--set', 'direct=off', ...often, '--faults', 'none', '--rate', '1000', '--time', '8s']
    const { levels } = await run(seed, ...args)
    expect(levels['linearizable']).toMatchObject({ result: 'violated' })
  })

  test.each(seeds)('NATS loses no message of a queue while the leader is isolated (seed %i)', async (seed) => {
    const faults = alone('isolate-leader', 2_000, 13_000)
    const args = ['--workload', 'queue', '--faults', faults, '--rate', '200', '--time', '16s']
    const { levels, accounting } = await run(seed, ...args)
    expect(accounting?.totals.lost).toBe(0)
    expect(levels['eventual']).toMatchObject({ result: 'met' })
  })

  test.each(seeds)('NATS loses no message of a queue when a server is killed (seed %i)', async (seed) => {
    const file = join(temporaryDirectory(), 'faults.json')
    writeFileSync(file, JSON.stringify([{ id: 'kill', kind: 'kill', nodes: ['n1'], fromMs: 5_000, toMs: 7_000 }]))
    const args = ['--workload', 'queue', '--faults', file, '--rate', '200', '--time', '14s']
    const { levels, accounting } = await run(seed, ...args)
    expect(accounting?.acknowledged).toBeGreaterThan(0)
    expect(accounting?.totals).toMatchObject({ lost: 0, unexpected: 0 })
    expect(levels['eventual']).toMatchObject({ result: 'met' })
  })

  test.each(seeds)('NATS keeps each partition of a log in order when a server is killed (seed %i)', async (seed) => {
    const file = join(temporaryDirectory(), 'faults.json')
    writeFileSync(file, JSON.stringify([{ id: 'kill', kind: 'kill', nodes: ['n1'], fromMs: 3_000, toMs: 5_000 }]))
    const { levels } = await run(seed, '--workload', 'stream', '--faults', file, '--rate', '200', '--time', '10s')
    expect(levels['faithful']?.result).not.toBe('violated')
    expect(levels['consistent-offsets']).toMatchObject({ result: 'met' })
  })

  // The seed determines whether the other nodes elect a leader before the old leader steps down. In two of three runs
  // they do.
  test('NATS returns stale reads from a leader that lost its followers', async () => {
    const results: string[] = []
    for (const seed of [1, 2, 3, 4]) {
      const faults = alone('isolate-leader', 2_000, 14_000)
      const args = ['--set', 'direct=off', '--faults', faults, '--rate', '300', '--keys', '5', '--time', '16s']
      const { levels, operations } = await run(seed, ...args)
      // Writes at the isolated leader time out. They may take effect later, which does not violate the level by itself.
      expect(operations.info).toBeGreaterThan(0)
      results.push(levels['linearizable']?.result ?? '')
      if (results.includes('violated')) return
    }
    expect(results).toContain('violated')
  })
})
