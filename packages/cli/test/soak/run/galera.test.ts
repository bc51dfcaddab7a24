import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// The promises that Galera keeps and breaks, on real clusters.
const seeds = [1, 2, 3]
const missing = ['mariadbd', 'mariadb-install-db', 'rsync'].find((name) => installed(name) === undefined)
const hasLibrary = ['galera', '../lib64/galera-4', '../lib64/galera'].some((folder) =>
  existsSync(join('/usr/lib', folder, 'libgalera_smm.so')),
)
const why = missing !== undefined ? `: ${whySkipped(missing)}` : hasLibrary ? '' : ': galera-4 is not installed'

async function run(seed: number, args: readonly string[]) {
  const { stdout, stderr, exitCode } = await chaos([
    ...['run', '--target', 'galera', '--json', '--seed', String(seed), '--out', join(temporaryDirectory(), 'runs')],
    ...args,
  ])
  if (stdout === '') throw new Error(`exit code ${exitCode}: ${stderr}`)
  return { exitCode, result: JSON.parse(stdout) }
}

describe.skipIf(why !== '')(`Galera${why}`, { timeout: 180_000 }, () => {
  test.each(seeds)(
    'a Galera node answers reads before it has applied the commits of other nodes (seed %d)',
    async (seed) => {
      const { exitCode, result } = await run(seed, ['--faults', 'none', '--time', '4s'])
      expect(result.levels.linearizable.result).toBe('violated')
      expect(result.levels.eventual.result).toBe('met')
      expect(exitCode).toBe(0)
    },
  )

  test.each(seeds)('Galera returns no stale read with wsrep_sync_wait (seed %d)', async (seed) => {
    const { exitCode, result } = await run(seed, ['--set', 'sync=1', '--faults', 'partition', '--time', '6s'])
    expect([exitCode, result.levels.linearizable.result]).toEqual([0, 'met'])
  })

  test.each(seeds)('Galera loses nothing even when all nodes are killed (seed %d)', async (seed) => {
    const { exitCode, result } = await run(seed, ['--set', 'sync=1', '--faults', 'kill,partition', '--time', '12s'])
    expect([exitCode, result.levels.linearizable.result]).toEqual([0, 'met'])
  })

  test.each(seeds)('Galera lets transactions overwrite versions that they have not read (seed %d)', async (seed) => {
    const transactions = ['--workload', 'txn-list-append', '--faults', 'none', '--time', '5s']
    const { exitCode, result } = await run(seed, transactions)
    expect(result.levels['snapshot-isolation'].result).toBe('violated')
    expect(result.levels['read-committed'].result).toBe('met')
    expect(Object.keys(result.anomalies).join()).toContain('G-single')
    expect(exitCode).toBe(0)
  })
})
