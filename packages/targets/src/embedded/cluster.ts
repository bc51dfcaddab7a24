import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type FaultKind, familyOf, type NodeId, nodeNames } from '@chaosproxy/faults'
import { environmentError, usageError } from '@chaosproxy/history'
import { DEFAULT_OBJECT, type ProtocolDefinition, type ProtocolSettingValue } from '@chaosproxy/protocols'
import {
  type FaultSupport,
  protocolTarget,
  type RequestedOperations,
  type StartOptions,
  type Target,
} from '@chaosproxy/runner'
import { jsonLines } from '@chaosproxy/wire'
import { type ClusterParts, type OwnCluster, openCluster } from '../cluster/open-cluster.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { ClusterNetwork } from '../network/cluster-network.ts'
import type { ClusterNews } from '../network/news.ts'
import { processRefusal } from '../network/node-harms.ts'
import { startCluster } from '../network/starting.ts'
import { createHttpClient } from '../node/http-client.ts'
import { NODE_CLIENTS, nodeRoutes } from '../node/node-routes.ts'
import { isUserFile } from '../user-files/import.ts'
import { loadProtocol } from '../user-files/protocol-file.ts'
import { type EmbeddedNode, embeddedNode } from './embedded-node.ts'
import { ready } from './ready.ts'

export interface EmbeddedClusterOptions
  extends Pick<StartOptions, 'nodes' | 'dataDir' | 'logDir' | 'seed' | 'reach' | 'signal'> {
  /** The protocol's name, or the path of a file: see `loadProtocol`. */
  readonly protocol: string
  readonly bug?: string | undefined
  /** The name of the object that the protocol replicates; by default a register. */
  readonly object?: string | undefined
  readonly settings?: { readonly [name: string]: ProtocolSettingValue } | undefined
  /**
   * The time limit for starting the processes. The same limit then applies to the wait for the first ready node. By
   * default 60 s.
   */
  readonly startupTimeoutMs?: number | undefined
  /** If given, the proxy records these operations: see `Cluster.record`. */
  readonly recorded?: RequestedOperations | undefined
}

/** A protocol as real processes, one for each node, with every link through the proxy. */
export interface EmbeddedCluster extends OwnCluster {
  logPath(node: NodeId): string
  /** Returns the URL of the node's client interface, for use with curl. Requests pass through the proxy. */
  url(node: NodeId): string
}

const STARTUP_TIMEOUT_MS = 60_000

/**
 * Starts the nodes, then waits until each has reported its status and one is ready to serve.
 *
 * @throws UserError: usage for an unknown protocol, environment for a node that does not start. Nothing is left behind.
 */
export async function startEmbeddedCluster(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  await validate(options)
  const timeoutMs = options.startupTimeoutMs ?? STARTUP_TIMEOUT_MS
  const nodes = nodeNames(options.nodes)
  const logPath = (node: NodeId) => join(options.logDir, `${node}.log`)
  const isOurs = !existsSync(options.dataDir)
  makeDirectories([options.logDir, ...nodes.map((node) => join(options.dataDir, node))])
  const { signal, recorded, seed } = options
  return startCluster<EmbeddedNode, EmbeddedCluster>(
    { orphans: 'paused nodes will be left', signal },
    async (starting) => {
      const { keeper, news, calledNanos, stop } = starting
      if (isOurs) keeper.removeLater(resolve(options.dataDir))
      // Most commands start no cluster, and so need no proxy.
      const { linksAmong, openClusterNetwork } = await import('../network/cluster-network.ts')
      const { openWireRecord } = await import('../network/wire-record.ts')
      const wire = recorded === undefined ? undefined : openWireRecord()
      const table = recorded === undefined ? undefined : nodeRoutes(recorded)
      const network = await openClusterNetwork({
        nodes,
        seed,
        clients: {
          port: 'client',
          carries: { kind: 'http', table, websocket: false },
          host: options.reach,
          recorder: wire?.recorder,
        },
        links: linksAmong(nodes, [{ name: 'peer', framing: jsonLines }]),
      })
      starting.network = network
      const between = { options, nodes, timeoutMs, calledNanos, network, keeper, news, logPath }
      const managed = nodes.map((id) => nodeOf(id, between))
      starting.nodes = managed
      signal?.throwIfAborted()
      await Promise.all(managed.map((node) => node.start()))
      await ready(managed, {
        watchers: news.watchers,
        timeoutMs,
        leaderless: isUserFile(options.protocol),
        broken: news.broken,
        logPath,
      })
      return asCluster({ options, managed, network, news, wire, calledNanos, logPath, keeperPid: keeper.pid, stop })
    },
  )
}

interface Surroundings {
  readonly options: EmbeddedClusterOptions
  readonly nodes: readonly NodeId[]
  readonly timeoutMs: number
  readonly calledNanos: bigint
  readonly network: ClusterNetwork
  readonly keeper: Keeper
  readonly news: ClusterNews
  readonly logPath: (node: NodeId) => string
}

function nodeOf(
  id: NodeId,
  { options, nodes, timeoutMs, calledNanos, network, keeper, news, logPath }: Surroundings,
): EmbeddedNode {
  return embeddedNode({
    setup: {
      id,
      protocol: options.protocol,
      bug: options.bug,
      object: options.object,
      settings: options.settings ?? {},
      peers: nodes
        .filter((other) => other !== id)
        .map((other) => ({ id: other, port: network.peerAddress(id, other, 'peer').port })),
      journalPath: join(options.dataDir, id, 'journal.log'),
      logPath: logPath(id),
    },
    originNanos: calledNanos,
    seed: options.seed,
    keeper,
    startupTimeoutMs: timeoutMs,
    moved: (ports) =>
      network.moved(
        id,
        ports && {
          client: { host: '127.0.0.1', port: ports.clientPort },
          peer: { host: '127.0.0.1', port: ports.peerPort },
        },
      ),
    statusChanged: news.statusChanged,
    marked: () => news.marked.add(id),
    died: (message) => news.trouble.push(message),
    broke: news.broke,
  })
}

type Parts = Pick<Surroundings, 'options' | 'network' | 'news' | 'calledNanos' | 'logPath'> &
  Pick<ClusterParts, 'wire' | 'keeperPid' | 'stop'> & { readonly managed: readonly EmbeddedNode[] }

function asCluster({ options, managed, logPath, ...parts }: Parts): EmbeddedCluster {
  const { network, news } = parts
  const registers = (options.object ?? DEFAULT_OBJECT) === DEFAULT_OBJECT
  // Align the times in the logs with those in the history.
  const readyNanos = process.hrtime.bigint()
  for (const node of managed) node.countFrom(readyNanos)
  return {
    ...openCluster({
      ...parts,
      nodes: managed,
      readyNanos,
      clients: { connect: (address) => createHttpClient({ ...address, registers }), close: async () => {} },
      elsewhere: () => ({ kind: 'embedded', registers }),
      statusOf: (node) => node.status(),
      supports: embeddedFaultSupport,
      failover: undefined,
    }),
    // Not needed, because nodes report their pending work.
    lingersMs: undefined,
    marked: () => managed.map((node) => node.id).filter((id) => news.marked.has(id)),
    logPath,
    url: (id) => `http://127.0.0.1:${network.clientAddress(id).port}`,
  }
}

async function validate(options: EmbeddedClusterOptions): Promise<void> {
  const protocol = await loadProtocol(options.protocol)
  // Called only to reject an unknown bug, object or setting before the nodes start.
  protocol.create({ bug: options.bug, object: options.object, settings: options.settings ?? {} })
  if (!Number.isInteger(options.nodes) || options.nodes < 1)
    throw usageError(`the number of nodes is ${options.nodes}. Give a whole number, 1 or more`)
}

/** Returns a protocol as a target, whose processes load it by its reference: a name or a path. */
export const embeddedTarget = (protocol: ProtocolDefinition, reference: string = protocol.name): Target => ({
  ...protocolTarget(protocol),
  name: protocol.name,
  tier: 'real',
  sessions: { by: NODE_CLIENTS, named: true },
  supports: embeddedFaultSupport,
  requireElsewhere() {},
  start: ({ operations, ...options }) =>
    startEmbeddedCluster({ ...options, protocol: reference, recorded: operations }),
})

/**
 * Returns whether a fault can be injected. Embedded nodes are real processes, and every link leads through the proxy.
 */
function embeddedFaultSupport(kind: FaultKind): FaultSupport {
  const refusal = processRefusal(kind)
  if (refusal !== undefined) return refusal
  if (kind === 'corrupt-message')
    return {
      not: 'messages have no checksum, so a flipped bit would pass as real data',
      instead: ['reset'],
      elsewhere: 'simulator',
    }
  if (kind === 'failover')
    return {
      not: 'its protocols elect leaders by themselves, and have no command for that',
      instead: ['kill', 'pause'],
    }
  const family = familyOf(kind)?.name
  if (family === 'udp')
    return {
      not: 'nodes and clients speak over connections, not datagrams',
      instead: ['loss', 'duplicate', 'reorder', 'delay'],
    }
  if (family === 'http2')
    return { not: 'clients speak HTTP/1.1', instead: ['lose-request', 'lose-reply', 'error-status'] }
  return true
}

function makeDirectories(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      mkdirSync(path, { recursive: true })
    } catch (error) {
      const reason = (error as Error).message
      throw environmentError(`${path} cannot be made (${reason}). Choose a directory that can be written`)
    }
  }
}
