import { numberOf, type Setting, type Settings } from '@chaosproxy/workloads'
import { type RedisChoice, redisSettings } from '../redis/settings.ts'

const likeRedis = (name: string, changed: Partial<Setting>): readonly Setting[] =>
  redisSettings.filter((setting) => setting.name === name).map((setting): Setting => ({ ...setting, ...changed }))

export const settings: readonly Setting[] = [
  ...likeRedis('reads', { summary: "where clients read: at a key's master, or at that master's replica" }),
  ...likeRedis('wait', { values: [0, 1] }),
  ...likeRedis('min-replicas', { values: [0, 1] }),
  // Without an append-only file, a killed master forgets everything. If it restarts before its replica replaces it, the
  // replica forgets everything too.
  ...likeRedis('appendonly', { default: 'everysec' }),
  ...likeRedis('lock-ms', {}),
  {
    name: 'node-timeout-ms',
    summary:
      'how long a node may be silent before it counts as failing, and how long a master that is cut off from most masters still takes commands (cluster-node-timeout)',
    default: 1_000,
    min: 200,
    max: 60_000,
  },
  ...likeRedis('data', {}),
]

/** The chosen settings, under the names that the code uses. */
export interface ClusterChoice extends Pick<RedisChoice, 'wait' | 'minReplicas' | 'appendonly' | 'lockMs'> {
  readonly readsReplicas: boolean
  readonly nodeTimeoutMs: number
}

/** @param chosen validated before. */
export function choiceOf(chosen: Settings): ClusterChoice {
  const { appendonly } = chosen
  return {
    readsReplicas: chosen['reads'] === 'replicas',
    wait: numberOf(chosen, 'wait'),
    minReplicas: numberOf(chosen, 'min-replicas'),
    appendonly: appendonly === 'no' || appendonly === 'always' ? appendonly : 'everysec',
    lockMs: numberOf(chosen, 'lock-ms'),
    nodeTimeoutMs: numberOf(chosen, 'node-timeout-ms'),
  }
}
