import { millis, usageError } from '@chaosproxy/history'
import { objectModels, redisErrors } from '@chaosproxy/recorder/redis'
import type { StartedCluster, StartOptions, Target, WeaknessQuestion } from '@chaosproxy/runner'
import {
  commandClusters,
  declaredFaultSupport,
  type Exposure,
  machineFaultSupport,
  missingPrograms,
  ofReads,
  planCluster,
  tableFunctions,
  wipedWeakness,
} from '@chaosproxy/targets/database'
import type { Settings } from '@chaosproxy/workloads'
import { joinedClauses } from '../joined-clauses.ts'
import { planRedisClients, REDIS_CLIENTS } from './clients.ts'
import { redisDeclaration } from './declaration.ts'
import { choiceOf, redisSettings } from './settings.ts'

const NAME = 'redis'

const QUIET_MS = millis(20_000)

export const exposure: Exposure = {
  clients: 'spoken',
  linked: true,
  framed: false,
  machine: machineFaultSupport,
  refused: {},
}

const withoutSentinel: Exposure = {
  ...exposure,
  refused: { failover: { not: 'with lock=redlock there is no Sentinel', instead: ['kill', 'pause'] } },
}

/** Redis with Sentinel: a primary, its replicas, and a Sentinel for each. */
export const redis: Target = {
  name: NAME,
  summary: 'Redis: a primary, replicas, and Sentinels that replace it',
  defaultNodes: 3,
  settings: redisSettings,
  bugs: [],
  marks: false,
  tier: 'real',
  // After a partition heals, a primary that was replaced meanwhile continues to act as primary for about ten seconds.
  quietMs: QUIET_MS,
  // Redlock asks every primary, so no single record describes an acquisition.
  sessions: ({ lock }) => (lock === 'redlock' ? undefined : REDIS_CLIENTS),
  functions: ({ lock }) => (lock === 'redlock' ? ['acquire', 'release'] : tableFunctions),
  // Redis's documentation calls replication asynchronous, and says that a failover may lose acknowledged writes. With
  // WAIT for all replicas, a failover loses no acknowledged write, but reads may see unconfirmed writes.
  promises: () => 'nothing',
  weakness: weaknessOf,
  supports: (kind, among) => declaredFaultSupport(exposure, kind, among),
  validate: (settings) => void choiceOf(settings),
  errors: redisErrors,
  missing: async () =>
    missingPrograms([
      // The oldest version with bind-source-addr, which identifies nodes to the proxy.
      { program: 'redis-server', install: 'apt-get install redis-server', oldest: '7.0' },
      { program: 'redis-cli', install: 'apt-get install redis-tools' },
    ]),
  start,
}

/** Describes which writes may be lost and which reads may be stale. */
function weaknessOf({ object, settings, faults, nodes }: WeaknessQuestion): string | undefined {
  return joinedClauses([
    wipedWeakness({ settings, faults }),
    settings['wait'] === 0 && nodes > 1 ? 'a write is acknowledged before a replica has it' : '',
    ...weaknessesOfNode(object, settings),
  ])
}

/** What each Redis may lose, and whether it lags. */
export const weaknessesOfNode = (object: string, { reads, appendonly }: Settings): readonly string[] => [
  appendonly === 'no' ? 'data is in memory only' : '',
  appendonly === 'everysec' ? 'what was written is fsynced once a second' : '',
  reads === 'replicas' ? ofReads(object, 'replicas answer reads, and lag') : '',
]

/** @throws UserError (usage) if the target has no such object. */
export function requireTable(target: string, object: string): string {
  const table = objectModels.get(object)
  if (table === undefined)
    throw usageError(`${target} has no ${object}: it has ${[...objectModels.keys()].join(', ')}.`)
  return table
}

async function start({ nodes, settings, object, ...options }: StartOptions): Promise<StartedCluster> {
  const choice = choiceOf(settings, nodes)
  const table = requireTable(NAME, object)
  const declaration = redisDeclaration(nodes, choice)
  const clients = planRedisClients({ nodes, choice, table })
  // Loads the code of the proxy only when a cluster starts.
  const { startCommandCluster } = await commandClusters()
  const { watchRedisRoles } = await import('./roles.ts')
  return startCommandCluster({
    ...{ ...options, nodes, settings, declaration, clients },
    exposure: choice.isRedlock ? withoutSentinel : exposure,
    where: NAME,
    plan: planCluster(declaration, NAME),
    watchRoles: (started) => watchRedisRoles({ nodes: started, hasSentinels: !choice.isRedlock }),
  })
}
