import { usageError } from '@chaosproxy/history'
import { dataSetting } from '@chaosproxy/targets/database'
import { choice, numberOf, type Setting, type Settings } from '@chaosproxy/workloads'

export const redisSettings: readonly Setting[] = [
  choice(
    'reads',
    ['primary', 'replicas'],
    "where clients read: at the primary, or at their own node's Redis, which may be a replica",
  ),
  choice(
    'wait',
    [0, 1, 2, 'all'],
    'number of replicas that must confirm each write (WAIT); with fewer confirmations the outcome of the write is unknown',
  ),
  choice(
    'min-replicas',
    [0, 1, 2],
    'the primary refuses writes unless it has heard from this many replicas in the last second (min-replicas-to-write)',
  ),
  choice(
    'appendonly',
    ['no', 'everysec', 'always'],
    'how often the append-only file is flushed to disk (appendfsync); no: Redis writes no append-only file',
  ),
  choice(
    'follow',
    ['on-error', 'at-once'],
    'on-error: clients ask Sentinel for the primary only after a broken connection or READONLY, like most drivers; at-once: they ask continuously',
  ),
  choice(
    'lock',
    ['single', 'redlock'],
    'how the workload lock takes a lock: at the single primary, or by Redlock, where every node is a primary',
  ),
  {
    name: 'lock-ms',
    summary: 'time to live of a lock, after which it is free even if its holder does not notice',
    default: 10_000,
    min: 10,
    max: 3_600_000,
    isLeaseMs: true,
  },
  {
    name: 'down-after-ms',
    summary: 'how long a primary may be silent before its Sentinels replace it',
    default: 2_000,
    min: 100,
    max: 60_000,
  },
  dataSetting,
]

/** The chosen settings, under the names that the code uses. */
export interface RedisChoice {
  readonly reads: 'primary' | 'replicas'
  readonly wait: number
  readonly minReplicas: number
  readonly appendonly: 'no' | 'everysec' | 'always'
  readonly follow: 'on-error' | 'at-once'
  readonly isRedlock: boolean
  readonly lockMs: number
  readonly downAfterMs: number
}

/** @throws UserError (usage) if a setting requires more replicas than the cluster has. */
export function choiceOf(settings: Settings, nodes?: number): RedisChoice {
  const isRedlock = settings['lock'] === 'redlock'
  const wait = settings['wait'] === 'all' ? (nodes ?? 1) - 1 : numberOf(settings, 'wait')
  const minReplicas = numberOf(settings, 'min-replicas')
  for (const [name, replicas] of [
    ['wait', wait],
    ['min-replicas', minReplicas],
  ] as const) {
    if (isRedlock && replicas > 0)
      throw usageError(
        `${name}=${replicas}: with lock=redlock every node is a primary without replicas. Leave out one of the two settings.`,
      )
    if (nodes !== undefined && replicas > nodes - 1)
      throw usageError(
        `${name}=${replicas}: of ${nodes} nodes only ${nodes - 1} can be replicas. Give a larger --nodes.`,
      )
  }
  return {
    reads: settings['reads'] === 'replicas' ? 'replicas' : 'primary',
    wait,
    minReplicas,
    appendonly: oneOf(settings['appendonly'], ['no', 'everysec', 'always']),
    follow: oneOf(settings['follow'], ['on-error', 'at-once']),
    isRedlock,
    lockMs: numberOf(settings, 'lock-ms'),
    downAfterMs: numberOf(settings, 'down-after-ms'),
  }
}

/** Returns a validated value as one of the known values. The default is the first known value. */
function oneOf<Value extends string>(value: unknown, known: readonly [Value, ...Value[]]): Value {
  return known.find((candidate) => candidate === value) ?? known[0]
}
