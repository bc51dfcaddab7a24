import { millis, usageError } from '@chaosproxy/history'
import { errorOutcomes } from '@chaosproxy/recorder/mysql'
import type { Target, WeaknessQuestion } from '@chaosproxy/runner'
import { ofReads, readsBeforeWriting } from '@chaosproxy/targets/database'
import { joinedClauses } from '../joined-clauses.ts'
import { forgotten, refusesOverwriting } from '../mariadb/innodb.ts'
import { sqlTarget, userOr } from '../sql/target.ts'
import { galeraCluster, settings } from './cluster.ts'
import { missingGalera, requireGalera } from './programs.ts'

const MOST_NODES = 5

/** Galera: MariaDB servers that all accept writes, using the server installed on this machine. */
export const galera: Target = {
  ...sqlTarget({
    name: 'galera',
    settings,
    example: { programs: { server: '.', install: '.', client: '.', provider: '.' }, user: 'mysql' },
    cluster: galeraCluster,
    find: async () => ({ programs: await requireGalera(), user: userOr('mysql') }),
  }),
  summary: 'Galera: MariaDB servers that all take writes, replicated before they commit',
  // If all nodes were down, they take long to find each other.
  quietMs: millis(40_000),
  promises,
  weakness,
  errors: errorOutcomes,
  missing: missingGalera,
  validate(_settings, _bug, nodes) {
    if (nodes > MOST_NODES)
      throw usageError(`galera: ${nodes} nodes are too many for one machine. Give at most ${MOST_NODES}.`)
  },
}

function weakness({ settings, object, faults }: WeaknessQuestion): string | undefined {
  const { sync, isolation } = settings
  return joinedClauses([
    sync === 0 ? ofReads(object, 'a node answers reads before it has applied what others committed (sync=0)') : '',
    forgotten(settings, faults),
    readsBeforeWriting(object, settings) && !refusesOverwriting(settings)
      ? `at ${isolation} a transaction overwrites changes that it has not read`
      : '',
  ])
}

/** Returns the promised level. Changes are ordered among all nodes before commit, but each node applies them later. */
function promises({ object, settings, faults }: Parameters<Target['promises']>[0]): string {
  const { sync, transfers } = settings
  if (forgotten(settings, faults) !== '') return 'nothing'
  if (object === 'bank' && transfers === 'read-then-write') return 'nothing'
  if (object === 'transactions') return 'read-committed'
  return sync === 0 ? 'eventual' : 'linearizable'
}
