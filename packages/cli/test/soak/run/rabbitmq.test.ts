import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { whySkipped } from '../../../../testing/src/servers.ts'

// The messages that RabbitMQ's queues keep when a broker is killed. A broker takes seconds to start, so runs are long.

const seeds = [1, 2, 3]
const isInstalled = existsSync('/usr/lib/rabbitmq/bin/rabbitmq-server')
const why = isInstalled ? '' : `: ${whySkipped('rabbitmq-server')}`

interface RunResult {
  readonly levels: { readonly [level: string]: { readonly result: string } }
  readonly accounting: {
    readonly acknowledged: number
    readonly totals: { readonly lost: number; readonly duplicated: number; readonly unexpected: number }
  }
}

/** Most operations enqueue, so that there is something to lose. */
async function run(seed: number, ...args: readonly string[]): Promise<RunResult> {
  const typed = ['run', '--target', 'rabbitmq', '--workload', 'queue', '--seed', String(seed), '--expect', 'none']
  const load = ['--workload-set', 'dequeues=0.3', '--rate', '200', '--time', '12s']
  const { stdout, stderr } = await chaosHere([...typed, ...load, '--json', '--out', temporaryDirectory(), ...args])
  expect(stdout, stderr).not.toBe('')
  return JSON.parse(stdout) as RunResult
}

function scheduled(...faults: readonly object[]): string {
  const file = join(temporaryDirectory(), 'faults.json')
  writeFileSync(file, JSON.stringify(faults.map((fault, index) => ({ id: `fault-${index}`, ...fault }))))
  return file
}

/** The first broker is killed in the middle of the run, and started again at once. */
const killed = (): string => scheduled({ kind: 'kill', nodes: ['n1'], fromMs: 6_000, toMs: 6_500 })

/** Delays the requests of clients, and drops some of them. */
const unheard = (): string =>
  scheduled(
    { kind: 'latency', latencyMs: 40, links: 'with-clients', fromMs: 500, toMs: 9_000 },
    ...[2_000, 4_000, 6_000].map((fromMs) => ({
      ...{ kind: 'partition', mode: 'drop', links: 'with-clients' },
      ...{ fromMs, toMs: fromMs + 300 },
    })),
  )

const onOneBroker = ['--nodes', '1', '--set', 'queue=classic']

describe.skipIf(!isInstalled)(`a live RabbitMQ${why}`, () => {
  test.each(seeds)('RabbitMQ is linearizable with a classic queue if there are no faults (seed %i)', async (seed) => {
    const { levels, accounting } = await run(seed, ...onOneBroker, '--faults', 'none')
    expect(levels['linearizable']).toMatchObject({ result: 'met' })
    expect(accounting.totals).toMatchObject({ lost: 0, duplicated: 0 })
  })

  test.each(seeds)('RabbitMQ loses transient messages of a classic queue after a kill (seed %i)', async (seed) => {
    const settings = ['--set', 'persistent=false', '--set', 'confirms=false']
    const { levels, accounting } = await run(seed, ...onOneBroker, ...settings, '--faults', killed())
    expect(accounting.totals.lost).toBeGreaterThan(0)
    expect(levels['eventual']).toMatchObject({ result: 'violated' })
  })

  test.each(seeds)('RabbitMQ keeps confirmed messages of a classic queue after a kill (seed %i)', async (seed) => {
    const { levels, accounting } = await run(seed, ...onOneBroker, '--faults', killed())
    expect(accounting.totals).toMatchObject({ lost: 0, unexpected: 0 })
    expect(levels['eventual']).toMatchObject({ result: 'met' })
  })

  test.each(seeds)('RabbitMQ redelivers unacknowledged messages (seed %i)', async (seed) => {
    const { levels, accounting } = await run(
      seed,
      ...onOneBroker,
      '--faults',
      unheard(),
      '--workload-set',
      'dequeues=0.5',
    )
    expect(accounting.totals.duplicated).toBeGreaterThan(0)
    expect(accounting.totals.lost).toBe(0)
    expect(levels['eventual']).toMatchObject({ result: 'met' })
  })

  test.each(seeds)('RabbitMQ loses no message of a quorum queue after a kill (seed %i)', async (seed) => {
    const { levels, accounting } = await run(seed, '--faults', killed())
    expect(accounting.acknowledged).toBeGreaterThan(0)
    expect(accounting.totals).toMatchObject({ lost: 0, unexpected: 0 })
    expect(levels['eventual']).toMatchObject({ result: 'met' })
  })
})
