import { type Exhibit, SEED } from './exhibit.ts'

interface Run {
  readonly target: string
  readonly workload: string
  /** Settings of the target. */
  readonly settings?: readonly string[]
  /** Comma-separated, or a file of the exhibit's program. */
  readonly faults: string
  readonly seconds: number
  readonly expect: Exhibit['breaks']
  readonly more?: readonly string[]
}

/** The arguments of `chaos run`. */
const runArgs = ({ target, workload, settings = [], faults, seconds, expect, more = [] }: Run): readonly string[] => [
  ...['run', '--target', target, '--workload', workload],
  ...settings.flatMap((setting) => ['--set', setting]),
  ...more,
  ...['--faults', faults, '--time', `${seconds}s`, '--seed', SEED, '--expect', expect],
]

const bank = (settings: readonly string[]): readonly string[] =>
  runArgs({
    target: 'postgres',
    workload: 'bank',
    settings: ['transfers=read-then-write', ...settings],
    faults: 'none',
    seconds: 5,
    expect: 'linearizable',
  })

const failover = (settings: readonly string[]): readonly string[] =>
  runArgs({ target: 'redis', workload: 'set', settings, faults: 'failover', seconds: 8, expect: 'eventual' })

const etcdReads = (reads: string): readonly string[] =>
  runArgs({
    target: 'etcd',
    workload: 'register',
    settings: [`reads=${reads}`],
    faults: 'partition',
    seconds: 8,
    expect: 'linearizable',
  })

/** The primary is cut off and dies, and its only replica is promoted. */
const promotion = (settings: readonly string[]): readonly string[] => [
  ...runArgs({
    ...{ target: 'mariadb', workload: 'set', faults: 'promotion.json', seconds: 6, expect: 'eventual' },
    settings,
  }),
  ...['--nodes', '2'],
]

const galeraReads = (sync: number): readonly string[] =>
  runArgs({
    ...{ target: 'galera', workload: 'register', faults: 'none', seconds: 6, expect: 'linearizable' },
    settings: [`sync=${sync}`],
  })

const etcdLock = (fencing: boolean): readonly string[] =>
  runArgs({
    target: 'etcd',
    workload: 'counter',
    settings: ['update=lock', 'ttl=2', `fencing=${fencing}`],
    faults: 'holders-cut-off.json',
    more: ['--keys', '4', '--clients', '30', '--rate', '200', '--timeout', '8s'],
    seconds: 11,
    expect: 'linearizable',
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

const natsReads = (direct: string): readonly string[] =>
  runArgs({
    target: 'nats',
    workload: 'register',
    settings: [`direct=${direct}`],
    faults: 'followers-cut-off.json',
    more: ['--workload-set', 'cas=0', '--rate', '300'],
    seconds: 11,
    expect: 'linearizable',
  })

const natsUpdates = (clients: number): readonly string[] =>
  runArgs({
    target: 'nats',
    workload: 'register',
    settings: ['direct=off'],
    faults: 'none',
    more: [
      ...['--workload-set', 'cas=0.9', '--workload-set', 'reads=0.5'],
      ...['--keys', '2', '--clients', String(clients), '--rate', '1000'],
    ],
    seconds: 8,
    expect: 'linearizable',
  })

const redisPower = (appendonly: string): readonly string[] =>
  runArgs({
    target: 'redis',
    workload: 'set',
    settings: [`appendonly=${appendonly}`],
    faults: 'power-cut-twice.json',
    more: ['--nodes', '1', '--workload-set', 'keys=3'],
    seconds: 4,
    expect: 'linearizable',
  })

/** Servers, started as this machine has them. */
export const serverExhibits: readonly Exhibit[] = [
  {
    name: 'postgres-lost-update',
    kind: 'server',
    system: 'PostgreSQL',
    version: '15.18',
    weakness: 'at read committed, its default, transfers that read balances and write them later lose updates',
    source: 'https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED',
    servers: ['postgres'],
    breaks: 'linearizable',
    args: bank([]),
    cure: { says: 'serializable transactions', args: bank(['isolation=serializable']) },
  },
  {
    name: 'redis-failover',
    kind: 'server',
    system: 'Redis with Sentinel',
    version: '7.0.15',
    weakness: 'a failover forgets writes that the old primary acknowledged before its replicas had them',
    source: 'https://github.com/redis/redis/issues/6062',
    servers: ['redis'],
    breaks: 'eventual',
    args: failover([]),
    cure: { says: 'WAIT for both replicas, and what they do not confirm is unknown', args: failover(['wait=2']) },
  },
  {
    name: 'etcd-serializable-reads',
    kind: 'server',
    system: 'etcd',
    version: '3.4.23',
    weakness: 'serializable reads are answered by a member that is cut off, with what it had before',
    source: 'https://etcd.io/docs/v3.5/learning/api_guarantees/',
    servers: ['etcd'],
    breaks: 'linearizable',
    args: etcdReads('serializable'),
    cure: { says: 'linearizable reads, which are the default', args: etcdReads('linearizable') },
  },
  {
    name: 'mariadb-promotion',
    kind: 'server',
    system: 'MariaDB',
    version: '10.11.19',
    weakness: 'a promotion forgets writes that the old primary acknowledged before its replica had them',
    source: 'https://mariadb.com/kb/en/semisynchronous-replication/',
    program: 'gallery/mariadb',
    servers: ['mariadb'],
    breaks: 'eventual',
    args: promotion([]),
    cure: {
      says: 'semi-synchronous replication that waits before others see a change, and does not give up',
      args: promotion(['commit=semi-sync', 'wait-point=after-sync', 'give-up-ms=3600000']),
    },
  },
  {
    name: 'galera-stale-read',
    kind: 'server',
    system: 'Galera (MariaDB)',
    version: '10.11.19',
    weakness: 'a node answers reads before it has applied what another node committed',
    source: 'https://mariadb.com/kb/en/galera-cluster-system-variables/#wsrep_sync_wait',
    servers: ['galera'],
    breaks: 'linearizable',
    args: galeraReads(0),
    cure: { says: 'wsrep_sync_wait=1: reads wait for what was committed before them', args: galeraReads(1) },
  },
  {
    name: 'etcd-lock-overwritten',
    kind: 'server',
    system: 'etcd',
    version: '3.4.23',
    weakness: 'a holder of a lock who is heard of after its lease writes over what the next holder wrote',
    source: 'https://github.com/etcd-io/etcd/issues/11456',
    program: 'gallery/servers',
    servers: ['etcd'],
    breaks: 'linearizable',
    args: etcdLock(false),
    cure: { says: "each write compares the lock's create_revision in its transaction", args: etcdLock(true) },
  },
  {
    name: 'etcd-watch-compacted',
    kind: 'server',
    system: 'etcd',
    version: '3.4.23',
    weakness: 'a watch from the revision of a deletion at which the store was compacted never hears of the deletion',
    source: 'https://github.com/etcd-io/etcd/issues/18089',
    program: 'gallery/servers',
    servers: ['etcd'],
    breaks: 'faithful',
    args: etcdWatch('at-deletes'),
    cure: { says: 'nothing is compacted that a watch may still start from', args: etcdWatch('never') },
  },
  {
    name: 'nats-direct-get',
    kind: 'server',
    system: 'NATS JetStream',
    version: '2.9.10',
    weakness: 'direct gets, as buckets have them by default, are answered by a replica that is cut off: old values',
    source: 'https://docs.nats.io/nats-concepts/jetstream/streams#direct-get',
    program: 'gallery/servers',
    servers: ['nats'],
    breaks: 'linearizable',
    args: natsReads('on'),
    cure: { says: 'allow_direct is off: the leader of the stream answers', args: natsReads('off') },
  },
  {
    name: 'nats-two-updates',
    kind: 'server',
    system: 'NATS JetStream',
    version: '2.9.10',
    weakness: 'two updates of a key that expect one and the same revision both succeed: one of them is lost',
    source: 'https://github.com/nats-io/nats-server/issues/4320',
    program: 'gallery/servers',
    servers: ['nats'],
    breaks: 'linearizable',
    args: natsUpdates(30),
    cure: { says: 'no two updates are under way at once: one client makes them all', args: natsUpdates(1) },
  },
  {
    name: 'redis-power-loss',
    kind: 'server',
    system: 'Redis',
    version: '7.0.15',
    weakness: 'with appendfsync everysec, up to a second of acknowledged writes is gone after a power loss',
    source: 'https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/',
    program: 'gallery/servers',
    servers: ['redis'],
    compiles: true,
    breaks: 'linearizable',
    args: redisPower('everysec'),
    cure: { says: 'appendfsync always', args: redisPower('always') },
  },
]
