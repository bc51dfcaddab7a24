import type { Level } from '@chaosproxy/checker'
import { type Exhibit, SEED } from './exhibit.ts'

interface Run {
  readonly target: string
  readonly workload: string
  /** Settings of the target. */
  readonly settings?: readonly string[]
  /** Comma-separated. */
  readonly faults: string
  readonly seconds: number
  readonly expect: Level
}

/** The arguments of `chaos run`. */
const runArgs = ({ target, workload, settings = [], faults, seconds, expect }: Run): readonly string[] => [
  ...['run', '--target', target, '--workload', workload],
  ...settings.flatMap((setting) => ['--set', setting]),
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
]
