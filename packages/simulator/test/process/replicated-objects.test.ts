import { workloads } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { workloadsOfObjects } from '../../../workloads/test/of-objects.ts'
import { plantedIn, searchFor } from '../replicated-objects.ts'

// More of the same seeds: replicated-objects.soak.test.ts.

describe.each(workloadsOfObjects)('$name', (workload) => {
  test.each(['raft', 'primary-replica'])('of %s is linearizable under all faults', (protocol) => {
    expect(searchFor(workload, protocol, undefined, 10)).toEqual([])
  })

  test.each(['paxos', 'viewstamped', 'chain'])('of %s is linearizable on a few seeds', (protocol) => {
    expect(searchFor(workload, protocol, undefined, 2)).toEqual([])
  })
})

/** If clients only read, nothing can be lost or stale. */
const changing = workloadsOfObjects.filter(({ functions, reads }) => functions.some((f) => !reads.includes(f)))

describe.each(changing)('$name', (workload) => {
  test('of a Raft with ack-before-majority is not linearizable', () => {
    expect(searchFor(workload, 'raft', 'ack-before-majority', 100)).toMatchObject([{ failure: { kind: 'violation' } }])
  })
})

describe.each(changing.filter(({ reads }) => reads.length > 0))('$name', (workload) => {
  test('of a Raft whose deposed leaders answer reads is not linearizable', () => {
    expect(searchFor(workload, 'raft', 'stale-read', 100)).toMatchObject([{ failure: { kind: 'violation' } }])
  })
})

describe.each(workloads.filter(({ object }) => object === 'transactions'))('$name', (workload) => {
  test.each(['two-phase-commit', 'sharded', 'raft'])('of %s is strictly serializable under all faults', (protocol) => {
    expect(searchFor(workload, protocol, undefined, 10)).toEqual([])
  })

  test.each(plantedIn('two-phase-commit', 'sharded'))(
    'of %s with the bug %s is not strictly serializable',
    (protocol, bug) => {
      expect(searchFor(workload, protocol, bug, 100)).toMatchObject([{ failure: { kind: 'violation' } }])
    },
  )
})

// A set, a bank whose transfers have ids, and a source of ids tolerate it.
const countsTwice = ['append', 'counter', 'queue', 'lock', 'list-append', 'log']

describe.each(workloadsOfObjects.filter(({ name }) => countsTwice.includes(name)))('$name', (workload) => {
  test('of a Raft that applies repeated requests twice is not linearizable', () => {
    expect(searchFor(workload, 'raft', 'double-apply', 100)).toMatchObject([{ failure: { kind: 'violation' } }])
  })
})
