import { workloads } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { workloadsOfObjects } from '../../../workloads/test/of-objects.ts'
import { plantedIn, searchFor } from '../replicated-objects.ts'

// CHAOS_SOAK=short uses a fifth of the seeds.
const SEEDS = process.env['CHAOS_SOAK'] === 'short' ? 100 : 500

describe.each(workloadsOfObjects)('the workload $name', (workload) => {
  test.each(['raft', 'primary-replica'])(
    `a workload of replicated objects is linearizable on %s under all faults, over ${SEEDS} seeds`,
    (protocol) => {
      expect(searchFor(workload, protocol, undefined, SEEDS)).toEqual([])
    },
  )

  test.each(['paxos', 'viewstamped', 'chain'])(
    `a workload of replicated objects is linearizable on %s under all faults, over ${SEEDS / 5} seeds`,
    (protocol) => {
      expect(searchFor(workload, protocol, undefined, SEEDS / 5)).toEqual([])
    },
  )
})

const transactional = workloads.filter(({ name, object }) => object === 'transactions' || name === 'bank')

describe.each(transactional)('the workload $name', (workload) => {
  test.each(['two-phase-commit', 'sharded'])(
    `a transactional workload is strictly serializable on %s under all faults, over ${SEEDS} seeds`,
    (protocol) => {
      expect(searchFor(workload, protocol, undefined, SEEDS)).toEqual([])
    },
  )

  test.each(plantedIn('two-phase-commit', 'sharded'))(
    `a transactional workload is not strictly serializable on %s with the bug %s, within ${SEEDS} seeds`,
    (protocol, bug) => {
      expect(searchFor(workload, protocol, bug, SEEDS)).toMatchObject([{ failure: { kind: 'violation' } }])
    },
  )
})
