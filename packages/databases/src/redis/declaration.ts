import { createHash } from 'node:crypto'
import type { StartedDeclaration } from '@chaosproxy/targets/database'
import type { RedisChoice } from './settings.ts'

export const PRIMARY_NAME = 'chaos'

/** The failover timeout. Sentinels retry a failed election after twice this time. */
const FAILOVER_TIMEOUT_MS = 2_000

/**
 * Declares a primary, n1, its replicas, and a Sentinel for each of them. A Redis and its Sentinel form one node. Nodes
 * dial announced addresses, which lead through the proxy. The proxy identifies a node by the address from which it
 * dials.
 *
 * Redis and Sentinel rewrite their configuration, so a killed primary returns in its last known role.
 */
export function redisDeclaration(nodes: number, choice: RedisChoice): StartedDeclaration {
  const { isRedlock } = choice
  const redis = 'redis-server {data}/redis.conf'
  // The Sentinel starts after its Redis. If it did not find its Redis, it would try again only after a second.
  const up = `until redis-cli -h {host} -p {port.client} ping; do sleep 0.02; done >/dev/null 2>&1`
  const both = `(${up}; exec redis-server {data}/sentinel.conf --sentinel) & exec ${redis}`
  return {
    name: 'redis',
    client: { kind: 'resp', commands: 'register' },
    nodes: Array.from({ length: nodes }, (_, index) => ({
      values: { id: idOf(`sentinel ${index + 1}`) },
      files: {
        'redis.conf': [
          ...serverFile(choice),
          'replica-announce-ip {announced-host.client}',
          'replica-announce-port {announced-port.client}',
          ...(index === 0 || isRedlock ? [] : ['replicaof {announced-host.n1.client} {announced-port.n1.client}']),
        ],
        ...(isRedlock ? {} : { 'sentinel.conf': sentinelFile(nodes, choice) }),
      },
    })),
    command: isRedlock ? redis : ['/bin/sh', '-c', both],
    ports: [
      { name: 'client', carries: 'resp', announced: true },
      { name: 'sentinel', carries: 'resp', announced: true },
    ],
    ownAddresses: true,
    ownSources: true,
    lists: {
      sentinels: {
        of: 'peers',
        each: `sentinel known-sentinel ${PRIMARY_NAME} {announced-host.sentinel} {announced-port.sentinel} {value.id}`,
        between: '\n',
      },
    },
    ready: { by: 'tcp', port: 'client' },
    ...(isRedlock ? {} : { faults: { failover: { do: failoverCommand, withinMs: 5_000 } } }),
  }
}

const failoverCommand: readonly string[] = [
  ...['redis-cli', '-e', '-h', '{host}', '-p', '{port.sentinel}'],
  ...['SENTINEL', 'FAILOVER', PRIMARY_NAME],
]

export function serverFile({ appendonly, minReplicas }: Pick<RedisChoice, 'appendonly' | 'minReplicas'>): string[] {
  return [
    'port {port.client}',
    'bind {host}',
    'bind-source-addr {host}',
    'protected-mode no',
    'dir {data}',
    'save ""',
    `appendonly ${appendonly === 'no' ? 'no' : 'yes'}`,
    ...(appendonly === 'no' ? [] : [`appendfsync ${appendonly}`]),
    // The default delay is 5 s: before the first synchronisation, a primary waits this long for further replicas.
    'repl-diskless-sync yes',
    'repl-diskless-sync-delay 0',
    'repl-timeout 5',
    'repl-ping-replica-period 1',
    `min-replicas-to-write ${minReplicas}`,
    'min-replicas-max-lag 1',
  ]
}

/** A Sentinel's configuration. It names the other Sentinels, because discovery would take seconds. */
function sentinelFile(nodes: number, { downAfterMs }: RedisChoice): readonly string[] {
  const quorum = Math.floor(nodes / 2) + 1
  return [
    'port {port.sentinel}',
    'bind {host}',
    'bind-source-addr {host}',
    'protected-mode no',
    'dir {data}',
    'sentinel myid {value.id}',
    'sentinel announce-ip {announced-host.sentinel}',
    'sentinel announce-port {announced-port.sentinel}',
    `sentinel monitor ${PRIMARY_NAME} {announced-host.n1.client} {announced-port.n1.client} ${quorum}`,
    `sentinel down-after-milliseconds ${PRIMARY_NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${PRIMARY_NAME} ${FAILOVER_TIMEOUT_MS}`,
    `sentinel parallel-syncs ${PRIMARY_NAME} ${Math.max(1, nodes - 1)}`,
    ...Array.from(
      { length: nodes - 1 },
      (_, index) =>
        `sentinel known-replica ${PRIMARY_NAME} {announced-host.n${index + 2}.client} {announced-port.n${index + 2}.client}`,
    ),
    '{list.sentinels}',
  ]
}

/** Returns forty hexadecimal digits, as Redis identifies nodes and Sentinels. */
export const idOf = (text: string): string => createHash('sha1').update(text).digest('hex')
