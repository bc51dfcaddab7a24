import type { NodeId } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import type { NodeStatus } from '@chaosproxy/protocols'
import type { Address } from '@chaosproxy/proxy'
import { currentLeader, type Rehearsal, type StartedCluster } from '@chaosproxy/runner'
import type { ClientsElsewhere } from '../client-kinds/elsewhere.ts'
import type { NodeAddress, OpenedClients } from '../clients/planned-clients.ts'
import type { Placeholders } from '../command/placeholders.ts'
import { commandsOf, type SupervisedNode } from '../command/supervised-node.ts'
import { createClock, machineMs } from '../network/clock.ts'
import { inject, reportTo, type Vulnerable } from '../network/inject.ts'
import type { ClusterNews } from '../network/news.ts'
import type { Handover, Victim } from '../network/node-harms.ts'
import type { WireRecord } from '../network/wire-record.ts'
import type { Addresses } from './node-placeholders.ts'
import type { RoleWatch } from './role.ts'

interface ClusterNode extends Victim, Pick<SupervisedNode, 'id' | 'life' | 'pid' | 'command'> {}

/** A node of a declared cluster, whether this program started it or not. */
export interface ServingNode extends ClusterNode {
  readonly addresses: Addresses
  placeholders(): Placeholders
  end(): Promise<void>
}

export interface OwnCluster extends StartedCluster {
  readonly readyMs: number
  clientAddress(node: NodeId): Address
  pid(node: NodeId): number | undefined
  readonly keeperPid: number
}

export interface ClusterParts<Node extends ClusterNode = ClusterNode> extends Omit<Vulnerable, 'nodes' | 'failover'> {
  readonly nodes: readonly Node[]
  readonly clients: Pick<OpenedClients, 'connect' | 'close'>
  /** Returns the data from which another process creates the clients. Throws if another process cannot create them. */
  readonly elsewhere: () => ClientsElsewhere
  readonly wire: WireRecord | undefined
  readonly roles?: RoleWatch | undefined
  /** Returns the status of a node; by default the role that `roles` reports. */
  readonly statusOf?: ((node: Node) => NodeStatus | undefined) | undefined
  readonly failover: ((node: NodeId) => Promise<Handover>) | undefined
  readonly news: OwnNews
  readonly notes?: (() => Promise<readonly string[]>) | undefined
  readonly rehearsal?: Rehearsal | undefined
  readonly calledNanos: bigint
  /** When the cluster's clock started, by `process.hrtime`; by default now. */
  readonly readyNanos?: bigint | undefined
  readonly keeperPid: number
  /** Stops everything. Later calls return the promise of the first call. */
  readonly stop: () => Promise<void>
}

/** The functions that report events which no request caused. */
type OwnNews = Pick<ClusterNews, 'trouble' | 'broke' | 'onBroken' | 'onChange'>

/**
 * For this long after an operation of unknown outcome, reads may still change. A PostgreSQL standby that came back
 * needed a third of this time to apply its pending changes.
 */
const LINGERS_MS = millis(500)

export function openCluster<Node extends ClusterNode>(parts: ClusterParts<Node>): OwnCluster {
  const { nodes, network, clients, wire, roles, supports, others, remotes, datagrams, failover, news } = parts
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const { readyNanos = process.hrtime.bigint() } = parts
  const clock = createClock(readyNanos)

  /** A node that is down has no role, whatever its last answer. */
  function roleOf(node: ClusterNode): NodeStatus | undefined {
    if (!node.life().alive) return undefined
    return roles === undefined ? UNKNOWN_ROLE : roles.status(node.id)
  }
  const { statusOf = roleOf } = parts
  const addressOf = (id: NodeId): NodeAddress => ({
    node: id,
    ...network.clientAddress(id),
    other: addressOf,
    announced: (port) => network.announcedAddress(id, port),
    life: () => byId.get(id)?.life() ?? { number: 0, alive: false },
  })
  const status = () => new Map(nodes.map((node) => [node.id, statusOf(node)]))

  return {
    nodes: nodes.map(({ id }) => id),
    clock,
    lingersMs: LINGERS_MS,
    rehearsal: parts.rehearsal,
    readyMs: Number(readyNanos - parts.calledNanos) / 1e6,
    connect: (id) => clients.connect(addressOf(id)),
    inject: (fault, injected) =>
      reportTo(injected, inject(fault, { nodes: byId, network, supports, others, remotes, datagrams, failover })),
    ...(wire && { record: wire.begin }),
    // `hasTraffic` counts neither traffic over the proxies of other hosts nor datagrams. If the cluster has either of
    // these, assume that the fault may have an effect.
    mayBite: (_kind, links) =>
      links.length === 0 || remotes !== undefined || datagrams !== undefined || network.hasTraffic(links),
    status,
    marked: () => [],
    leader: () => currentLeader({ status }),
    elsewhere: () => ({
      clients: parts.elsewhere(),
      addresses: nodes.map(({ id }) => ({ node: id, ...network.clientAddress(id) })),
    }),
    clientAddress: network.clientAddress,
    pid: (id) => byId.get(id)?.pid(),
    commands: () => commandsOf(nodes),
    keeperPid: parts.keeperPid,
    begin() {},
    recall: (recollection) => network.recall({ ...recollection, zeroMs: machineMs(clock, recollection.startedAt) }),
    onBroken: news.onBroken,
    onChange: news.onChange,
    ...(parts.notes && { notes: parts.notes }),
    trouble: () => news.trouble,
    stop(stopped) {
      clock.stop()
      parts.stop().then(stopped)
    },
  }
}

const UNKNOWN_ROLE: NodeStatus = { role: 'node', leads: false, ready: true }
