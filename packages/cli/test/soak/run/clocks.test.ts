import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// The safety of locks with leases when the clock of the granting server jumps. CHAOS_SOAK=short takes one seed.
const short = process.env['CHAOS_SOAK'] === 'short'
const seeds = short ? [1] : [1, 2, 3]
const redis = installed('redis-server')
const compiler = process.platform === 'linux' && installed('cc') !== undefined
const whyNot = compiler ? '' : `: ${whySkipped('cc')}`

/** Jumps of n1's clock by one minute. Each jump ends the leases that are in force. */
const jumps = [800, 1_400, 2_000, 2_600, 3_200].map((fromMs) => ({
  ...{ fromMs, toMs: fromMs + 300, kind: 'clock', nodes: ['n1'] },
  offsetMs: 60_000,
}))

const counters = (fencing: boolean) => ({
  name: 'leased',
  nodes: 3,
  command: [
    ...[process.execPath, join(root, 'examples', 'gallery', 'lease', 'counter.mjs'), '--listen', '{listen.client}'],
    ...['--peer', '{listen.peer}', '--store', '{peer.n1}', '--fencing', String(fencing)],
  ],
  ports: ['client', 'peer'],
  client: {
    kind: 'http',
    routes: {
      routes: [
        { request: 'GET /counters/{key}', f: 'read', result: 'json.count' },
        { request: 'POST /counters/{key}', f: 'add', value: 'json.amount' },
      ],
    },
  },
})

async function ran(seed: number, target: object | string, flags: readonly string[], faults = jumps) {
  const directory = temporaryDirectory()
  mkdirSync(directory, { recursive: true })
  const [schedule, declared] = [join(directory, 'faults.json'), join(directory, 'leased.json')]
  writeFileSync(schedule, JSON.stringify(faults))
  writeFileSync(declared, JSON.stringify(target))
  const named = typeof target === 'string' ? target : declared
  const common = ['run', '--target', named, '--faults', schedule, '--seed', String(seed), '--time', '4s']
  const told = [...common, '--expect', 'linearizable', '--out', join(directory, 'out'), ...flags]
  const { exitCode, stdout, stderr } = await chaos(told)
  // Lines are wrapped anywhere.
  return { exitCode, said: (stdout + stderr).replaceAll(/\s+/g, ' ') }
}

const COUNTERS = ['--workload', 'counter', '--workload-set', 'keys=1', '--clients', '10', '--rate', '200']

describe.skipIf(!compiler)(`a clock that jumps under a lock with a lease${whyNot}`, () => {
  test.each(seeds)('after a clock jump a lock has two holders, and an addition is lost (seed %i)', async (seed) => {
    const { exitCode, said } = await ran(seed, counters(false), COUNTERS)
    expect(said).toContain('NOT LINEARIZABLE')
    expect(exitCode).toBe(1)
  })

  test('additions under a lock with a lease are kept if no clock jumps', async () => {
    const { exitCode, said } = await ran(1, counters(false), COUNTERS, [])
    expect(exitCode, said).toBe(0)
  })

  test.each(seeds)('a clock jump loses no addition if the store refuses old fencing tokens (seed %i)', async (seed) => {
    const { exitCode, said } = await ran(seed, counters(true), COUNTERS)
    expect(said).toContain('LINEARIZABLE')
    expect(said).not.toContain('NOT LINEARIZABLE')
    expect(said).toMatch(/5 of 5 wrong clocks/)
    expect(exitCode, said).toBe(0)
  })

  const skipped = redis === undefined ? `: ${whySkipped('redis-server')}` : ''
  test.skipIf(redis === undefined).each(seeds)(
    `a clock jump gives a Redis lock two holders (seed %i)${skipped}`,
    async (seed) => {
      const { exitCode, said } = await ran(seed, 'redis', ['--nodes', '1', '--workload', 'lock'])
      expect(said).toMatch(/was given lock \w+, which p\d+ had not released|Two clients held lock/)
      expect(exitCode).toBe(1)
    },
  )
})
