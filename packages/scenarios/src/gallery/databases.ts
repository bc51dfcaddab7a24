import { type Exhibit, testedSystem } from './exhibit.ts'
import { runArgs } from './run-args.ts'

const postgres = testedSystem('server', 'PostgreSQL', '15.18', 'postgres')
const mariadb = testedSystem('server', 'MariaDB', '10.11.19', 'mariadb')
const galera = testedSystem('server', 'Galera (MariaDB)', '10.11.19', 'galera')

const bank = (target: string, settings: readonly string[]): readonly string[] =>
  runArgs({
    target,
    workload: 'bank',
    settings: ['transfers=read-then-write', ...settings],
    faults: 'none',
    seconds: 5,
  })

const skew = (isolation: string): readonly string[] =>
  runArgs({
    target: 'postgres',
    workload: 'txn-list-append',
    settings: [`isolation=${isolation}`],
    faults: 'none',
    more: ['--nodes', '2'],
    seconds: 6,
    expect: 'serializable',
  })

const failover = (settings: readonly string[]): readonly string[] =>
  runArgs({ target: 'redis', workload: 'set', settings, faults: 'failover', seconds: 8, expect: 'eventual' })

/** Cuts off and kills the primary, so that its only replica is promoted. */
const promotion = (target: string, settings: readonly string[]): readonly string[] => [
  ...runArgs({ target, workload: 'set', settings, faults: 'promotion.json', seconds: 6, expect: 'eventual' }),
  ...['--nodes', '2'],
]

/**
 * A run that crashes a node, and later flips a bit of a row on disk. The crash comes first, because recovery ends with
 * a checkpoint, which writes the row to its data file.
 */
const flippedRow = (checksums: string): readonly string[] =>
  runArgs({
    ...{ target: 'postgres', workload: 'set', faults: 'flipped-bit.json', seconds: 12, expect: 'linearizable' },
    settings: ['commit=async', `checksums=${checksums}`],
    more: ['--nodes', '1', '--workload-set', 'keys=3'],
  })

const galeraReads = (sync: number): readonly string[] =>
  runArgs({
    ...{ target: 'galera', workload: 'register', faults: 'none', seconds: 6, expect: 'linearizable' },
    settings: [`sync=${sync}`],
  })

/**
 * A run that kills all servers together, because a live server would send the others the data that they lost. The
 * servers are killed three times, because a kill just after a server wrote its log loses nothing.
 */
const galeraKilled = (flush: number): readonly string[] =>
  runArgs({
    ...{ target: 'galera', workload: 'set', faults: 'all-killed.json', seconds: 16, expect: 'eventual' },
    settings: [`flush=${flush}`],
    more: ['--nodes', '2', '--workload-set', 'reads=0.2', '--rate', '400'],
  })

/** Cuts the master of some keys off from all nodes, but not from its clients. */
const masterCutOff = (settings: readonly string[]): readonly string[] =>
  runArgs({
    ...{ target: 'redis-cluster', workload: 'set', settings, faults: 'master-cut-off.json' },
    more: ['--rate', '400', '--timeout', '3s'],
    seconds: 8,
    expect: 'eventual',
  })

const redisPower = (appendonly: string): readonly string[] =>
  runArgs({
    target: 'redis',
    workload: 'set',
    settings: [`appendonly=${appendonly}`],
    faults: 'power-cut-twice.json',
    more: ['--nodes', '1', '--workload-set', 'keys=3'],
    seconds: 4,
  })

export const databaseExhibits: readonly Exhibit[] = [
  {
    name: 'postgres-lost-update',
    ...postgres,
    weakness: 'at read committed, the default, transfers that read balances and write them later lose updates',
    source: 'https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED',
    breaks: 'linearizable',
    args: bank('postgres', []),
    cure: { says: 'serializable transactions', args: bank('postgres', ['isolation=serializable']) },
  },
  {
    name: 'postgres-write-skew',
    ...postgres,
    weakness:
      'at repeatable read, each of two transactions overwrites what the other has read: no serial order explains both',
    source: 'https://www.postgresql.org/docs/current/transaction-iso.html#XACT-REPEATABLE-READ',
    breaks: 'serializable',
    args: skew('repeatable-read'),
    cure: { says: 'serializable transactions', args: skew('serializable') },
  },
  {
    name: 'postgres-flipped-bit',
    ...postgres,
    weakness: 'without checksums, a row with a bit that flipped on disk is returned as if it had been written so',
    source: 'https://www.postgresql.org/docs/current/checksums.html',
    program: 'gallery/servers',
    breaks: 'linearizable',
    args: flippedRow('off'),
    cure: { says: 'with initdb --data-checksums, a damaged page is an error', args: flippedRow('on') },
  },
  {
    name: 'postgres-promotion',
    ...postgres,
    weakness: 'a promotion loses writes that the old primary acknowledged before its standby had them',
    source: 'https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION',
    program: 'gallery/servers',
    breaks: 'eventual',
    args: promotion('postgres', ['commit=async']),
    cure: {
      says: 'synchronous replication: a commit waits for the standby',
      args: promotion('postgres', ['commit=on', 'synchronous=ANY 1']),
    },
  },
  {
    name: 'redis-failover',
    ...testedSystem('server', 'Redis with Sentinel', '7.0.15', 'redis'),
    weakness: 'a failover loses writes that the old primary acknowledged before its replicas had them',
    source: 'https://github.com/redis/redis/issues/6062',
    breaks: 'eventual',
    args: failover([]),
    cure: { says: 'WAIT for both replicas; a write that they do not confirm is unknown', args: failover(['wait=2']) },
  },
  {
    name: 'redis-cluster-failover',
    ...testedSystem('server', 'Redis Cluster', '7.0.15', 'redis-cluster'),
    weakness:
      'a master that is cut off acknowledges writes until it notices this, and its promoted replica never gets them',
    source: 'https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#write-safety',
    program: 'gallery/servers',
    breaks: 'eventual',
    args: masterCutOff([]),
    cure: {
      says: 'WAIT for the replica; a write that it does not confirm is unknown. A restarted replica may still lose writes',
      args: masterCutOff(['wait=1']),
    },
  },
  {
    name: 'redis-power-loss',
    ...testedSystem('server', 'Redis', '7.0.15', 'redis'),
    weakness: 'with appendfsync everysec, a power loss loses up to a second of acknowledged writes',
    source: 'https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/',
    program: 'gallery/servers',
    compiles: true,
    breaks: 'linearizable',
    args: redisPower('everysec'),
    cure: { says: 'appendfsync always', args: redisPower('always') },
  },
  {
    name: 'mariadb-lost-update',
    ...mariadb,
    weakness: 'at repeatable read, the default, transfers that read balances and write them later lose updates',
    source: 'https://mariadb.com/kb/en/innodb-system-variables/#innodb_snapshot_isolation',
    breaks: 'linearizable',
    args: bank('mariadb', []),
    cure: {
      says: 'innodb_snapshot_isolation, which is off by default in this version',
      args: bank('mariadb', ['snapshot-isolation=on']),
    },
  },
  {
    name: 'mariadb-promotion',
    ...mariadb,
    weakness: 'a promotion loses writes that the old primary acknowledged before its replica had them',
    source: 'https://mariadb.com/kb/en/semisynchronous-replication/',
    program: 'gallery/servers',
    breaks: 'eventual',
    args: promotion('mariadb', []),
    cure: {
      says: 'semi-synchronous replication that waits before others see a change, without a timeout',
      args: promotion('mariadb', ['commit=semi-sync', 'wait-point=after-sync', 'give-up-ms=3600000']),
    },
  },
  {
    name: 'galera-stale-read',
    ...galera,
    weakness: 'a node answers reads before it has applied what another node has committed',
    source: 'https://mariadb.com/kb/en/galera-cluster-system-variables/#wsrep_sync_wait',
    breaks: 'linearizable',
    args: galeraReads(0),
    cure: { says: 'wsrep_sync_wait=1: a read waits for earlier commits', args: galeraReads(1) },
  },
  {
    name: 'galera-lost-update',
    ...galera,
    weakness: 'at repeatable read, the default, transfers that read balances and write them later lose updates',
    source: 'https://jepsen.io/analyses/mariadb-galera-cluster-12.1.2',
    breaks: 'linearizable',
    args: bank('galera', ['sync=1']),
    cure: {
      says: 'innodb_snapshot_isolation, which is off by default in this version',
      args: bank('galera', ['sync=1', 'snapshot-isolation=on']),
    },
  },
  {
    name: 'galera-all-killed',
    ...galera,
    weakness:
      'with innodb_flush_log_at_trx_commit=0, as recommended for Galera, servers that are killed together lose commits',
    source: 'https://jepsen.io/analyses/mariadb-galera-cluster-12.1.2',
    program: 'gallery/servers',
    breaks: 'eventual',
    args: galeraKilled(0),
    cure: { says: 'innodb_flush_log_at_trx_commit=1', args: galeraKilled(1) },
  },
]
