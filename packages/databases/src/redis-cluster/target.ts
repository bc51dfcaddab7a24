import { stopsNodes } from '@chaosproxy/faults'
import { millis, usageError } from '@chaosproxy/history'
import type { StartedCluster, StartOptions, Target, WeaknessQuestion } from '@chaosproxy/runner'
import { commandClusters, planCluster, wipedWeakness } from '@chaosproxy/targets/database'
import { joinedClauses } from '../joined-clauses.ts'
import { REDIS_CLIENTS } from '../redis/clients.ts'
import { exposure, redis, requireTable, weaknessesOfNode } from '../redis/target.ts'
import { planClusterClients } from './clients.ts'
import { redisClusterDeclaration } from './declaration.ts'
import { choiceOf, settings } from './settings.ts'

const NAME = 'redis-cluster'
const NODES = 6
const MOST_NODES = 12

/** Redis Cluster: masters that share the keys, each with a replica. */
export const redisCluster: Target = {
  ...redis,
  name: NAME,
  summary: 'Redis Cluster: three masters that share the keys, with a replica each',
  defaultNodes: NODES,
  settings,
  quietMs: millis(15_000),
  sessions: () => REDIS_CLIENTS,
  functions: () => redis.functions({}),
  // Redis's documentation says "Redis Cluster does not guarantee strong consistency", because of its replication and of
  // its failovers.
  promises: () => 'nothing',
  weakness,
  validate(_settings, _bug, nodes) {
    if (nodes >= NODES && nodes % 2 === 0 && nodes <= MOST_NODES) return
    throw usageError(
      `${NAME}: ${nodes} nodes cannot be three or more masters with one replica each. Give an even --nodes from ${NODES} to ${MOST_NODES}.`,
    )
  },
  start,
}

function weakness({ object, settings, faults }: WeaknessQuestion): string | undefined {
  return joinedClauses([
    wipedWeakness({ settings, faults }),
    settings['wait'] === 0
      ? 'a write is acknowledged before the replica has it'
      : 'a write that its replica did not confirm in time may take effect, and be lost',
    faults.every((kind) => stopsNodes(kind)) ? '' : 'a master that is cut off takes commands until it notices',
    ...weaknessesOfNode(object, settings),
  ])
}

async function start({ nodes, settings: chosen, object, ...options }: StartOptions): Promise<StartedCluster> {
  const choice = choiceOf(chosen)
  const table = requireTable(NAME, object)
  const declaration = redisClusterDeclaration(nodes, choice)
  // Loads the code of the proxy only when a cluster starts.
  const { startCommandCluster } = await commandClusters()
  const { watchClusterRoles } = await import('./roles.ts')
  return startCommandCluster({
    ...{ ...options, nodes, settings: chosen, declaration, where: NAME, exposure },
    clients: planClusterClients({ nodes, choice, table }),
    plan: planCluster(declaration, NAME),
    watchRoles: watchClusterRoles,
  })
}
