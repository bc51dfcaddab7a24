import { type Exhibit, testedSystem } from './exhibit.ts'
import { runArgs } from './run-args.ts'

const etcd = testedSystem('server', 'etcd', '3.4.23', 'etcd')
const zookeeper = testedSystem('server', 'ZooKeeper', '3.8.0', 'zookeeper')

const etcdReads = (reads: string): readonly string[] =>
  runArgs({
    target: 'etcd',
    workload: 'register',
    settings: [`reads=${reads}`],
    faults: 'partition',
    seconds: 8,
  })

const etcdLock = (fencing: boolean): readonly string[] =>
  runArgs({
    target: 'etcd',
    workload: 'counter',
    settings: ['update=lock', 'ttl=2', `fencing=${fencing}`],
    faults: 'holders-cut-off.json',
    more: ['--keys', '4', '--clients', '30', '--rate', '200', '--timeout', '8s'],
    seconds: 11,
  })

/**
 * The arguments of a run with few attempts per second to acquire locks, because the leader revokes only 16 leases at a
 * time.
 */
const etcdFrozen = (ttl: number): readonly string[] =>
  runArgs({
    target: 'etcd',
    workload: 'lock',
    settings: [`ttl=${ttl}`, 'keep-alives=following'],
    faults: 'leader-frozen.json',
    more: ['--workload-set', 'keys=12', '--clients', '50', '--rate', '6', '--timeout', '20s'],
    seconds: 20,
  })

const etcdWatch = (compact: string): readonly string[] =>
  runArgs({
    target: 'etcd',
    workload: 'watch',
    faults: 'none',
    more: ['--workload-set', `compact=${compact}`, '--rate', '100'],
    seconds: 10,
    expect: 'faithful',
  })

const zookeeperReads = (sync: boolean): readonly string[] =>
  runArgs({
    target: 'zookeeper',
    workload: 'register',
    settings: [`sync=${sync}`],
    faults: 'each-cut-off.json',
    more: ['--rate', '400', '--keys', '4'],
    seconds: 6,
  })

/** A run with many clients for few locks, so that a lock's holder usually has a change in flight when it is cut off. */
const zookeeperLock = (fencing: boolean): readonly string[] =>
  runArgs({
    target: 'zookeeper',
    workload: 'counter',
    settings: ['update=lock', 'sync=true', 'ttl=2', `fencing=${fencing}`],
    faults: 'holders-cut-off.json',
    more: [
      ...['--workload-set', 'reads=0.1', '--keys', '10'],
      ...['--clients', '40', '--rate', '400', '--timeout', '8s'],
    ],
    seconds: 11,
  })

/** Stores used for coordination, started in the version that this machine has. */
export const coordinatorExhibits: readonly Exhibit[] = [
  {
    name: 'etcd-serializable-reads',
    ...etcd,
    weakness: 'a member that is cut off answers serializable reads with old values',
    source: 'https://etcd.io/docs/v3.5/learning/api_guarantees/',
    breaks: 'linearizable',
    args: etcdReads('serializable'),
    cure: { says: 'linearizable reads, the default', args: etcdReads('linearizable') },
  },
  {
    name: 'etcd-lock-overwritten',
    ...etcd,
    weakness: 'a lock holder whose write arrives after its lease overwrites what the next holder wrote',
    source: 'https://github.com/etcd-io/etcd/issues/11456',
    program: 'gallery/servers',
    breaks: 'linearizable',
    args: etcdLock(false),
    cure: { says: "each write compares the lock's create_revision in its transaction", args: etcdLock(true) },
  },
  {
    name: 'etcd-lease-revoked',
    ...etcd,
    weakness: 'a leader whose disk was frozen revokes leases that clients kept alive with the next leader',
    source: 'https://github.com/etcd-io/etcd/issues/15247',
    program: 'gallery/servers',
    mounts: true,
    breaks: 'linearizable',
    args: etcdFrozen(3),
    cure: { says: 'leases that last longer than a disk may be frozen', args: etcdFrozen(20) },
  },
  {
    name: 'etcd-watch-compacted',
    ...etcd,
    weakness:
      'a watch from the revision of a deletion never reports the deletion if the store was compacted at this revision',
    source: 'https://github.com/etcd-io/etcd/issues/18089',
    program: 'gallery/servers',
    breaks: 'faithful',
    args: etcdWatch('at-deletes'),
    cure: { says: 'no compaction of a revision that a watch may still start from', args: etcdWatch('never') },
  },
  {
    name: 'zookeeper-stale-read',
    ...zookeeper,
    weakness: 'a server that is cut off answers reads of its clients with old values',
    source: 'https://zookeeper.apache.org/doc/r3.8.0/zookeeperProgrammers.html#ch_zkGuarantees',
    program: 'gallery/servers',
    breaks: 'linearizable',
    args: zookeeperReads(false),
    cure: { says: 'a sync before each read', args: zookeeperReads(true) },
  },
  {
    name: 'zookeeper-lock-lost',
    ...zookeeper,
    weakness: 'a lock holder whose write arrives after its session expired overwrites what the next holder wrote',
    source: 'https://zookeeper.apache.org/doc/r3.8.0/recipes.html#sc_recipes_Locks',
    program: 'gallery/servers',
    breaks: 'linearizable',
    args: zookeeperLock(false),
    cure: {
      says: 'each write and a check that the node of this holder still exists are one transaction',
      args: zookeeperLock(true),
    },
  },
]
