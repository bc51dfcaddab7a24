import { describe, expect, test } from 'vitest'
import { workloadsOfObjects } from '../../workloads/test/of-objects.ts'
import { searchFor } from './replicated-objects.ts'

// CHAOS_SOAK=short has a fifth of the seeds.
const SEEDS = process.env['CHAOS_SOAK'] === 'short' ? 100 : 500

describe.each(workloadsOfObjects)('$name', (workload) => {
  test.each(['raft', 'primary-replica'])(`of %s is linearizable under all faults, over ${SEEDS} seeds`, (protocol) => {
    expect(searchFor(workload, protocol, undefined, SEEDS)).toEqual([])
  })

  test.each(['paxos', 'viewstamped', 'chain'])(
    `of %s is linearizable under all faults, over ${SEEDS / 5} seeds`,
    (protocol) => {
      expect(searchFor(workload, protocol, undefined, SEEDS / 5)).toEqual([])
    },
  )
})
