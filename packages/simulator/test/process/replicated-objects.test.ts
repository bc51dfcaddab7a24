import { workloads } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { workloadsOfObjects } from '../../../workloads/test/of-objects.ts'
import { plantedIn, searchFor } from '../replicated-objects.ts'

// replicated-objects.soak.test.ts runs the same searches with more seeds.

describe.each(workloadsOfObjects)('the workload $name', (workload) => {
  test.each(['raft', 'primary-replica'])(
    'a workload of replicated objects is linearizable on %s under all faults',
    (protocol) => {
      expect(searchFor(workload, protocol, undefined, 10)).toEqual([])
    },
  )

  test.each(['paxos', 'viewstamped', 'chain'])(
    'a workload of replicated objects is linearizable on %s for two seeds',
    (protocol) => {
      expect(searchFor(workload, protocol, undefined, 2)).toEqual([])
    },
  )
})

/** If clients only read, nothing can be lost or stale. */
const changing = workloadsOfObjects.filter(({ functions, reads }) => functions.some((f) => !reads.includes(f)))

describe.each(changing)('the workload $name', (workload) => {
  test('a workload of replicated objects violates linearizable on raft with the bug ack-before-majority', () => {
    expect(searchFor(workload, 'raft', 'ack-before-majority', 100)).toMatchObject([{ failure: { kind: 'violation' } }])
  })
})

describe.each(changing.filter(({ reads }) => reads.length > 0))('the workload $name', (workload) => {
  test('a workload of replicated objects violates linearizable on raft with the bug stale-read', () => {
    expect(searchFor(workload, 'raft', 'stale-read', 100)).toMatchObject([{ failure: { kind: 'violation' } }])
  })
})

describe.each(workloads.filter(({ object }) => object === 'transactions'))('the workload $name', (workload) => {
  test.each(['two-phase-commit', 'sharded', 'raft'])(
    'transactions are strictly serializable on %s under all faults',
    (protocol) => {
      expect(searchFor(workload, protocol, undefined, 10)).toEqual([])
    },
  )

  test.each(plantedIn('two-phase-commit', 'sharded'))(
    'a transactional workload is not strictly serializable on %s with the bug %s',
    (protocol, bug) => {
      expect(searchFor(workload, protocol, bug, 100)).toMatchObject([{ failure: { kind: 'violation' } }])
    },
  )
})

// The models of these workloads notice a change that is applied twice. The models of a set, of a bank whose transfers
// have ids, and of a source of ids do not.
const countsTwice = ['append', 'counter', 'queue', 'lock', 'list-append', 'log']

describe.each(workloadsOfObjects.filter(({ name }) => countsTwice.includes(name)))('the workload $name', (workload) => {
  test('a workload of replicated objects violates linearizable on raft with the bug double-apply', () => {
    expect(searchFor(workload, 'raft', 'double-apply', 100)).toMatchObject([{ failure: { kind: 'violation' } }])
  })
})
