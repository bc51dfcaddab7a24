import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { goFaultSupport } from '../../../../targets/src/preload/fault-support.ts'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// Issue 15247 of etcd. The lease timers of a leader continue while its disk is frozen. Meanwhile, another member leads,
// and clients keep their leases alive there. When the disk works again, the old leader revokes these leases.
const seeds = process.env['CHAOS_SOAK'] === 'short' ? [1] : [1, 2, 3]
const suffering = goFaultSupport('etcd')('freeze-disk')
const why = installed('etcd') === undefined ? whySkipped('etcd') : suffering === true ? '' : suffering.not
const limit = { timeout: 180_000 }

/**
 * Operations are rare for two reasons. Each lock must be held for longer than the disk is frozen. And there must be few
 * leases, because a leader revokes only 16 leases at once, and refused acquires have leases too.
 */
const PATIENT = ['--workload', 'lock', '--workload-set', 'keys=12', '--clients', '50', '--rate', '6']

function frozen(): string {
  const schedule = join(temporaryDirectory(), 'faults.json')
  writeFileSync(schedule, JSON.stringify([{ kind: 'freeze-disk', nodes: 'leader', fromMs: 7_000, toMs: 12_000 }]))
  return schedule
}

async function ran(seed: number, ttl: number, faults: string) {
  const { exitCode, stdout, stderr } = await chaos([
    ...['run', '--target', 'etcd', ...PATIENT, '--set', `ttl=${ttl}`, '--set', 'keep-alives=following'],
    ...['--faults', faults, '--time', '20s', '--timeout', '20s', '--seed', String(seed)],
    ...['--expect', 'linearizable', '--json', '--out', temporaryDirectory()],
  ])
  if (stdout === '') throw new Error(`exit code ${exitCode}: ${stderr}`)
  const { levels } = JSON.parse(stdout)
  return { exitCode, found: levels.linearizable.result }
}

describe.skipIf(why !== '')(`an etcd whose leader has a frozen disk${why && `: ${why}`}`, limit, () => {
  test.each(seeds)(
    'etcd gives a lock with a live keep-alive to a second client, issue 15247 (seed %i)',
    async (seed) => {
      expect(await ran(seed, 3, frozen())).toEqual({ exitCode: 1, found: 'violated' })
    },
  )

  test.each(seeds)(
    'etcd does not give a held lock to a second client if its disk is frozen for less than the lease (seed %i)',
    async (seed) => {
      expect(await ran(seed, 20, frozen())).toEqual({ exitCode: 0, found: 'met' })
    },
  )

  test.each(seeds)(
    'etcd does not give a held lock to a second client while its disk responds (seed %i)',
    async (seed) => {
      expect(await ran(seed, 5, 'none')).toEqual({ exitCode: 0, found: 'met' })
    },
  )
})
