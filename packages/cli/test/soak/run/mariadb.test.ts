import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// The promises that MariaDB keeps and breaks, on real clusters. CHAOS_SOAK=short uses one seed per test.
const seeds = process.env['CHAOS_SOAK'] === 'short' ? [1] : [1, 2, 3]
/** The seeds of the tests that the short soak skips. Empty in the short soak. */
const rare = process.env['CHAOS_SOAK'] === 'short' ? [] : seeds
const isInstalled = installed('mariadbd') !== undefined && installed('mariadb-install-db') !== undefined
const why = isInstalled ? '' : `: ${whySkipped('mariadbd')}`
const liveDescribe = describe.skipIf(!isInstalled)

async function run(seed: number, faults: readonly object[] | string, args: readonly string[]) {
  const out = temporaryDirectory()
  const schedule = join(out, 'schedule.json')
  if (typeof faults !== 'string') writeFileSync(schedule, JSON.stringify(faults))
  const { stdout, stderr, exitCode } = await chaos([
    ...['run', '--target', 'mariadb', '--json', '--seed', String(seed), '--out', join(out, 'runs')],
    ...['--faults', typeof faults === 'string' ? faults : schedule, ...args],
  ])
  if (stdout === '') throw new Error(`exit code ${exitCode}: ${stderr}`)
  return { exitCode, result: JSON.parse(stdout) }
}

const late = [{ kind: 'latency', latencyMs: 600, links: 'between-nodes', fromMs: 500, toMs: 5500 }]

/** The primary n1 is cut off from its replicas and then killed. n2 replaces it. */
const takenOver = (links: readonly string[]) => [
  { kind: 'partition', links, mode: 'drop', fromMs: 1000, toMs: 4000 },
  { kind: 'kill', nodes: ['n1'], fromMs: 2000, toMs: 4000 },
  { kind: 'failover', nodes: ['n2'], fromMs: 2300, toMs: 4500 },
]

liveDescribe(`a MariaDB with asynchronous replication${why}`, { timeout: 120_000 }, () => {
  test.each(seeds)(
    'asynchronous replicas of MariaDB return stale reads, and agree at the end (seed %d)',
    async (seed) => {
      const { exitCode, result } = await run(seed, late, ['--set', 'reads=replicas', '--time', '6s'])
      expect(result.levels.linearizable.result).toBe('violated')
      expect(result.levels.eventual.result).toBe('met')
      expect(exitCode).toBe(0)
    },
  )

  test.each(rare)('the primary of an asynchronous MariaDB returns no stale reads (seed %d)', async (seed) => {
    const { exitCode, result } = await run(seed, late, ['--time', '6s'])
    expect([exitCode, result.levels.linearizable.result]).toEqual([0, 'met'])
  })

  test.each(seeds)(
    'the promotion of an asynchronous MariaDB replica loses acknowledged writes (seed %d)',
    async (seed) => {
      const links = ['n1>n2', 'n2>n1', 'n1>n3', 'n3>n1']
      const { result } = await run(seed, takenOver(links), [
        ...['--workload', 'set', '--time', '6s', '--expect', 'none'],
      ])
      expect(result.levels.eventual.result).toBe('violated')
      expect(result.lost.length).toBeGreaterThan(0)
    },
  )
})

/** n3 replaces n2 before n1 is rebuilt. For some time, two nodes are promoted. */
const overlapping = [
  { kind: 'failover', nodes: ['n2'], fromMs: 1000, toMs: 2500 },
  { kind: 'failover', nodes: ['n3'], fromMs: 2000, toMs: 3500 },
  { kind: 'failover', nodes: ['n1', 'n2'], fromMs: 4000, toMs: 4500 },
]

liveDescribe(`a MariaDB with overlapping failovers${why}`, { timeout: 180_000 }, () => {
  test.each(seeds)('MariaDB serves again and converges after overlapping failovers (seed %d)', async (seed) => {
    const args = ['--workload', 'counter', '--time', '6s', '--expect', 'none']
    const { result } = await run(seed, overlapping, args)
    expect(result.availability.phases.healed).toBeGreaterThan(0)
    expect(result.levels.convergent.result).toBe('met')
  })
})

liveDescribe(`a MariaDB whose commits wait for its replica indefinitely${why}`, { timeout: 120_000 }, () => {
  test.each(seeds)(
    'the promotion of a MariaDB replica loses no acknowledged write if commits waited for the replica (seed %d)',
    async (seed) => {
      const { exitCode, result } = await run(seed, takenOver(['n1>n2', 'n2>n1']), [
        ...['--workload', 'set', '--nodes', '2', '--time', '6s', '--expect', 'eventual'],
        ...['--set', 'commit=semi-sync', '--set', 'wait-point=after-sync', '--set', 'give-up-ms=3600000'],
      ])
      expect([exitCode, result.levels.eventual.result]).toEqual([0, 'met'])
    },
  )
})

liveDescribe(`transactions of MariaDB${why}`, { timeout: 120_000 }, () => {
  const of = (workload: string, seed: number, ...more: readonly string[]) =>
    run(seed, 'none', ['--workload', workload, '--nodes', '2', '--time', '4s', ...more])

  test.each(rare)(
    'transfers in MariaDB lose and create money at repeatable read if they read before they write (seed %d)',
    async (seed) => {
      const { result } = await of('bank', seed, '--set', 'transfers=read-then-write')
      expect(result.levels.linearizable.result).toBe('violated')
    },
  )

  test.each(rare)(
    'transfers in MariaDB lose no money at repeatable read with innodb_snapshot_isolation (seed %d)',
    async (seed) => {
      const careful = ['--set', 'transfers=read-then-write', '--set', 'snapshot-isolation=on']
      const { exitCode, result } = await of('bank', seed, ...careful)
      expect([exitCode, result.levels.linearizable.result]).toEqual([0, 'met'])
    },
  )

  test.each(seeds)(
    'at repeatable read, transactions of MariaDB read and overwrite versions outside their snapshot (seed %d)',
    async (seed) => {
      const { exitCode, result } = await of('txn-list-append', seed)
      expect(result.levels['snapshot-isolation'].result).toBe('violated')
      expect(result.levels['read-committed'].result).toBe('met')
      expect(exitCode).toBe(0)
    },
  )

  test.each(rare)(
    'transactions of MariaDB meet strong snapshot isolation with innodb_snapshot_isolation (seed %d)',
    async (seed) => {
      const { exitCode, result } = await of('txn-list-append', seed, '--set', 'snapshot-isolation=on')
      expect([exitCode, result.levels['strong-snapshot-isolation'].result]).toEqual([0, 'met'])
    },
  )

  test.each(rare)(
    'MariaDB at serializable is strictly serializable, even under kills and partitions (seed %d)',
    async (seed) => {
      const { exitCode, result } = await run(seed, 'kill,partition', [
        ...['--workload', 'txn-list-append', '--nodes', '2', '--time', '8s', '--isolation', 'serializable'],
      ])
      expect([exitCode, result.levels['strict-serializable'].result]).toEqual([0, 'met'])
    },
  )
})
