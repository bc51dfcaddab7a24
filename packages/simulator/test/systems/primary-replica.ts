import { between, CALM, type SystemRow, UNDER_FAULTS } from './row.ts'

const LINEARIZABLE = { meets: ['linearizable', 'eventual'] }
const STICKY = { reads: 'sticky', failover: false }
const SYNCHRONOUS = { sync: 'all', reads: 'primary' }

export const primaryReplicaRows: readonly SystemRow[] = [
  { protocol: 'primary-replica', faults: CALM, earns: { meets: ['eventual'] } },
  // A client may not see its own write, because replicas lag.
  {
    protocol: 'primary-replica',
    targetSettings: { failover: false },
    faults: ['delay'],
    earns: {
      meets: ['eventual'],
      breaks: ['linearizable', 'read-your-writes'],
      seldom: ['read-your-writes'],
    },
  },
  {
    protocol: 'primary-replica',
    settings: { keys: 30 },
    faults: ['isolate-leader'],
    earns: { meets: [], breaks: ['linearizable'], loses: true },
  },
  // Semi-synchronous: a write waits for two of the four replicas, which form a majority with the primary.
  {
    protocol: 'primary-replica',
    targetSettings: { sync: 2, reads: 'primary' },
    faults: UNDER_FAULTS,
    earns: LINEARIZABLE,
  },
  // The primary waits for one of four replicas. If a partition separates these two nodes from the other three, the
  // three go on without them, and writes that only the two have are lost. There are two partitions. Between them, the
  // nodes have time to agree on a primary, so that the primary is on the smaller side of one of the two.
  {
    protocol: 'primary-replica',
    targetSettings: { sync: 1, reads: 'primary' },
    settings: { keys: 30 },
    faults: [],
    aimed: [
      { fromMs: 100, toMs: 600, kind: 'partition', links: between(['n1', 'n2'], ['n3', 'n4', 'n5']) },
      { fromMs: 900, toMs: 1_475, kind: 'partition', links: between(['n3', 'n4'], ['n1', 'n2', 'n5']) },
    ],
    earns: { meets: [], breaks: ['linearizable'], loses: true },
  },
  { protocol: 'primary-replica', targetSettings: SYNCHRONOUS, faults: CALM, earns: LINEARIZABLE },
  { protocol: 'primary-replica', targetSettings: SYNCHRONOUS, faults: UNDER_FAULTS, earns: LINEARIZABLE },
  {
    protocol: 'primary-replica',
    targetSettings: { sync: 'majority', reads: 'replica' },
    faults: UNDER_FAULTS,
    earns: { meets: ['eventual'], breaks: ['linearizable'] },
  },
  // A client of a sticky session never reads an older state than before. But it does not see its own write until its
  // replica has the write.
  {
    protocol: 'primary-replica',
    targetSettings: STICKY,
    faults: ['delay'],
    rate: 2_000,
    earns: {
      meets: ['monotonic-reads', 'monotonic-writes', 'eventual'],
      breaks: ['read-your-writes'],
      seldom: ['read-your-writes'],
    },
  },
  // With `own-writes`, a write waits until the client's replica has it, so the client sees it.
  {
    protocol: 'primary-replica',
    targetSettings: { ...STICKY, 'own-writes': true },
    faults: UNDER_FAULTS,
    earns: { meets: ['sequential', 'session', 'eventual'], breaks: ['linearizable'] },
  },
  // If its replica is down, a client moves to another replica, and may read an older state than before.
  {
    protocol: 'primary-replica',
    targetSettings: { reads: 'sticky-while-up', 'own-writes': true, failover: false },
    faults: ['delay', 'kill'],
    rate: 1_000,
    earns: { meets: ['eventual'], breaks: ['monotonic-reads'] },
  },
]
