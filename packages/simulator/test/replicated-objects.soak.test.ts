import { describe, expect, test } from 'vitest'
import { workloadsOfObjects } from '../../workloads/test/of-objects.ts'
import { searchFor } from './replicated-objects.ts'

describe.each(workloadsOfObjects)('$name', (workload) => {
  test.each(['raft', 'primary-replica'])('of %s is linearizable under all faults, over 500 seeds', (protocol) => {
    expect(searchFor(workload, protocol, undefined, 500)).toEqual([])
  })

  test.each(['paxos', 'viewstamped', 'chain'])('of %s is linearizable under all faults, over 100 seeds', (protocol) => {
    expect(searchFor(workload, protocol, undefined, 100)).toEqual([])
  })
})
