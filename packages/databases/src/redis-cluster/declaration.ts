import { type NodeId, nodeNames } from '@chaosproxy/faults'
import type { NodesDeclaration } from '@chaosproxy/targets/database'
import { idOf, serverFile } from '../redis/declaration.ts'
import type { ClusterChoice } from './settings.ts'
import { firstSlot } from './slots.ts'

/** Returns the other node of a shard. The first half of the nodes start as masters. */
export function partnerOf(node: NodeId, nodes: readonly NodeId[]): NodeId {
  const index = nodes.indexOf(node)
  return nodes[(index + nodes.length / 2) % nodes.length] ?? node
}

/**
 * Declares masters with one replica each. A node's initial configuration names all other nodes, so no CLUSTER MEET is
 * needed. Nodes dial announced addresses, which lead through the proxy. The proxy identifies a node by the address from
 * which it dials.
 */
export function redisClusterDeclaration(nodes: number, choice: ClusterChoice): NodesDeclaration {
  const ids = nodeNames(nodes)
  return {
    name: 'redis-cluster',
    nodes: ids.map((id) => ({ files: { 'nodes.conf': nodesFile(id, ids) } })),
    command: 'redis-server {data}/redis.conf',
    files: {
      'redis.conf': [
        ...serverFile(choice),
        'cluster-enabled yes',
        'cluster-config-file nodes.conf',
        'cluster-port {port.bus}',
        'cluster-announce-ip {announced-host.client}',
        'cluster-announce-port {announced-port.client}',
        'cluster-announce-bus-port {announced-port.bus}',
        `cluster-node-timeout ${choice.nodeTimeoutMs}`,
        // If one shard has no master, the other shards still serve.
        'cluster-require-full-coverage no',
        'cluster-allow-replica-migration no',
      ],
    },
    ports: [
      { name: 'client', carries: 'resp', announced: true },
      { name: 'bus', announced: true },
    ],
    ownAddresses: true,
    ownSources: true,
    ready: { by: 'tcp', port: 'client' },
    faults: { failover: { do: FAILOVER, withinMs: 5_000 } },
  }
}

const FAILOVER: readonly string[] = ['redis-cli', '-e', '-h', '{host}', '-p', '{port.client}', 'CLUSTER', 'FAILOVER']

/** A node's view of its cluster: https://redis.io/docs/latest/commands/cluster-nodes/ */
function nodesFile(own: NodeId, ids: readonly NodeId[]): readonly string[] {
  const masters = ids.length / 2
  const lines = ids.map((id, index) => {
    const at = `{announced-host.${id}.client}:{announced-port.${id}.client}@{announced-port.${id}.bus}`
    const flag = id === own ? 'myself,' : ''
    const name = idOf(`node ${id}`)
    if (index >= masters) return `${name} ${at} ${flag}slave ${idOf(`node ${partnerOf(id, ids)}`)} 0 0 0 connected`
    const slots = `${firstSlot(index, masters)}-${firstSlot(index + 1, masters) - 1}`
    return `${name} ${at} ${flag}master - 0 0 ${index + 1} connected ${slots}`
  })
  return [...lines, `vars currentEpoch ${masters} lastVoteEpoch 0`, '']
}
