import { millis, usageError } from '@chaosproxy/history'
import { errorOutcomes } from '@chaosproxy/recorder/mysql'
import type { Target, WeaknessQuestion } from '@chaosproxy/runner'
import { ofReads, readsBeforeWriting, SKEWED } from '@chaosproxy/targets/database'
import type { Settings } from '@chaosproxy/workloads'
import { joinedClauses } from '../joined-clauses.ts'
import { NODES, sqlTarget, userOr } from '../sql/target.ts'
import { mariadbCluster, settings } from './cluster.ts'
import { forgotten, refusesOverwriting } from './innodb.ts'
import { missingMariadb, requireMariadb } from './programs.ts'

/** MariaDB: a primary and its replicas, using the server installed on this machine. */
export const mariadb: Target = {
  ...sqlTarget({
    name: 'mariadb',
    settings,
    example: { programs: { server: '.', install: '.', client: '.' }, user: 'mysql' },
    cluster: mariadbCluster,
    find: async () => ({ programs: await requireMariadb(), user: userOr('mysql') }),
  }),
  summary: 'MariaDB: a primary and replicas that follow it by GTID',
  // `quietMs` includes the time in which a replaced primary becomes a replica. If the new primary waits for this
  // replica, it accepts no writes until then.
  quietMs: millis(40_000),
  promises,
  weakness,
  errors: errorOutcomes,
  missing: missingMariadb,
  validate,
}

function validate({ commit }: Settings, _: string | undefined, nodes: number): void {
  if (nodes > NODES)
    throw usageError(
      `mariadb: ${nodes} nodes are too many: there are a primary and at most two replicas. Give --nodes 3 or fewer.`,
    )
  if (commit === 'semi-sync' && nodes < 2)
    throw usageError('mariadb: commit=semi-sync waits for a replica, and a single node has none. Give --nodes 2.')
}

/** By default, the binary log is not synced. After a crash, recovery rolls back the changes that the log has lost. */
const UNSYNCED = 'a power loss takes the end of the binary log, and with it commits (sync_binlog=0)'

/** Describes which reads may be stale, what may be lost, and which anomalies the isolation level permits. */
function weakness({ object, settings, faults }: WeaknessQuestion): string | undefined {
  const { commit, reads, isolation } = settings
  const isPromoted = faults.includes('failover')
  const isSnapshot = refusesOverwriting(settings)
  return joinedClauses([
    reads === 'primary' ? '' : ofReads(object, 'replicas answer reads, and lag'),
    isPromoted && commit === 'async' ? 'a commit waits for no replica, so a promotion may lose it' : '',
    isPromoted && commit === 'semi-sync'
      ? `a commit stops waiting for a replica after ${settings['give-up-ms']} ms`
      : '',
    forgotten(settings, faults),
    faults.includes('power-loss') ? UNSYNCED : '',
    readsBeforeWriting(object, settings) && isolation !== 'serializable' && !isSnapshot
      ? `at ${isolation} a transaction overwrites changes that it has not read`
      : '',
    object === 'transactions' && isSnapshot ? SKEWED : '',
  ])
}

/**
 * Returns the promised level. Replicas lag, so reads from them only converge. A promotion may lose changes, and the old
 * primary replies for a while.
 */
function promises({ object, settings, faults }: Parameters<Target['promises']>[0]): string {
  const { reads, isolation, transfers } = settings
  if (faults.includes('failover') || faults.includes('power-loss') || forgotten(settings, faults) !== '')
    return 'nothing'
  const isSnapshot = refusesOverwriting(settings)
  // Other transactions may commit between the reads and the writes.
  if (object === 'bank' && transfers === 'read-then-write' && isolation !== 'serializable' && !isSnapshot)
    return 'nothing'
  if (object !== 'transactions') return reads === 'primary' ? 'linearizable' : 'eventual'
  if (reads !== 'primary') return 'read-committed'
  if (isolation === 'serializable') return 'strict-serializable'
  return isSnapshot ? 'strong-snapshot-isolation' : 'read-committed'
}
