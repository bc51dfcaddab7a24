import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import { DEFAULT_OBJECT, type KnobValue } from '@chaosproxy/protocols'
import type { AskedOperations, StartedCluster } from '@chaosproxy/runner'
import { type Keeper, startKeeper } from '../command/keeper.ts'
import { createClock } from '../network/clock.ts'
import type { ClusterNetwork, Listening } from '../network/cluster-network.ts'
import { inject } from '../network/inject.ts'
import { type ClusterNews, createNews } from '../network/news.ts'
import type { WireRecord } from '../network/wire-record.ts'
import { loadProtocol } from '../protocol-file.ts'
import { isUserFile } from '../user-file/import.ts'
import { type EmbeddedNode, embeddedNode } from './embedded-node.ts'
import { createHttpClient } from './http-client.ts'
import type { Ports } from './node-process.ts'
import { nodeRoutes } from './node-routes.ts'
import { leaderOf, ready } from './ready.ts'
import { embeddedSuffers } from './suffers.ts'

export interface EmbeddedClusterOptions {
  /** Its name, or the path of a file: see `loadProtocol`. */
  readonly protocol: string
  readonly bug?: string | undefined
  /** What it replicates, by its name; a register unless given. */
  readonly object?: string | undefined
  readonly knobs?: { readonly [name: string]: KnobValue } | undefined
  /** How many; they are called n1, n2, …. */
  readonly nodes: number
  /** Gets a directory for each node, with its journal. A journal that is there already is started from. */
  readonly dataDir: string
  /** Gets n1.log, n2.log, …, to which is appended. */
  readonly logDir: string
  readonly seed: number
  /** For the processes to start, and then again for one of them to be ready to serve. By default 15 s. */
  readonly startupTimeoutMs?: number | undefined
  /** What its clients will ask: the proxy then records them, see `Cluster.record`. */
  readonly recorded?: AskedOperations | undefined
  /** Gives up a start that is on its way; what was started ends. */
  readonly signal?: AbortSignal | undefined
}

/** A protocol as real processes, one a node, with every link running through the proxy. */
export interface EmbeddedCluster extends StartedCluster {
  readonly readyMs: number
  logPath(node: NodeId): string
  /** Where the node's clients reach it, by way of the proxy: for curl. */
  url(node: NodeId): string
  /** Of each node's present process; undefined while it has none. */
  pid(node: NodeId): number | undefined
  /** Of the process that ends the nodes if this one cannot. */
  readonly keeperPid: number
}

const STARTUP_TIMEOUT_MS = 15_000

/**
 * Starts the nodes and waits until they can serve: until each has reported itself, and one of them is ready.
 *
 * @throws UserError: usage for an unknown protocol, environment for a node that does not start. Nothing is left behind.
 */
export async function startEmbeddedCluster(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  const calledNanos = process.hrtime.bigint()
  await validate(options)
  const timeoutMs = options.startupTimeoutMs ?? STARTUP_TIMEOUT_MS
  const nodes = Array.from({ length: options.nodes }, (_, index) => `n${index + 1}`)
  const logPath = (node: NodeId) => join(options.logDir, `${node}.log`)
  makeDirectories([options.logDir, ...nodes.map((node) => join(options.dataDir, node))])

  const news = createNews()
  const keeper = startKeeper(() =>
    news.trouble.push('the keeper ended: if this process is killed, paused nodes will be left'),
  )
  let network: ClusterNetwork | undefined
  let managed: readonly EmbeddedNode[] = []
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= endAll(managed, network, keeper)
    return stopping
  }
  // The start then fails, and cleans up as after any failure.
  const abort = () => {
    for (const node of managed) void node.end()
  }
  options.signal?.addEventListener('abort', abort)
  try {
    // The proxy is loaded where there is a cluster to put it between: most commands have none.
    const { linksAmong, openClusterNetwork } = await import('../network/cluster-network.ts')
    const { openWireRecord } = await import('../network/wire-record.ts')
    const { jsonLines } = await import('@chaosproxy/proxy')
    const { recorded, seed } = options
    const wire = recorded === undefined ? undefined : openWireRecord()
    const table = recorded === undefined ? undefined : nodeRoutes(recorded)
    network = await openClusterNetwork({
      nodes,
      seed,
      clients: { port: 'client', carries: { kind: 'http', table, websocket: false }, recorder: wire?.recorder },
      links: linksAmong(nodes, [{ name: 'peer', framing: jsonLines }]),
    })
    const between = { options, nodes, timeoutMs, calledNanos, network, keeper, news, logPath }
    managed = nodes.map((id) => nodeOf(id, between))
    options.signal?.throwIfAborted()
    await Promise.all(managed.map((node) => node.start()))
    await ready(managed, {
      watchers: news.watchers,
      timeoutMs,
      leaderless: isUserFile(options.protocol),
      broken: news.broken,
      logPath,
    })
    options.signal?.throwIfAborted()
    return asCluster({ options, managed, network, news, wire, calledNanos, logPath, keeperPid: keeper.pid, stop })
  } catch (error) {
    await stop()
    throw options.signal?.aborted ? new UserError('environment', 'the start of the cluster was given up') : error
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
}

/** What the nodes of one cluster have in common. */
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
      knobs: options.knobs ?? {},
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
    moved: (ports) => network.moved(id, ports && listeningOn(ports)),
    statusChanged: news.statusChanged,
    marked: () => news.marked.add(id),
    died: (message) => news.trouble.push(message),
    broke: news.broke,
  })
}

const listeningOn = ({ clientPort, peerPort }: Ports): Listening => ({
  client: { host: '127.0.0.1', port: clientPort },
  peer: { host: '127.0.0.1', port: peerPort },
})

interface ClusterParts extends Pick<Surroundings, 'options' | 'network' | 'news' | 'calledNanos' | 'logPath'> {
  readonly managed: readonly EmbeddedNode[]
  readonly wire: WireRecord | undefined
  readonly keeperPid: number
  readonly stop: () => Promise<void>
}

/** Its time begins now. */
function asCluster({
  options,
  managed,
  network,
  news,
  wire,
  calledNanos,
  logPath,
  keeperPid,
  stop,
}: ClusterParts): EmbeddedCluster {
  const byId = new Map(managed.map((node) => [node.id, node]))
  // A reader of logs wants to find there the times that the history has.
  const readyNanos = process.hrtime.bigint()
  for (const node of managed) node.countFrom(readyNanos)
  const clock = createClock(readyNanos)
  return {
    nodes: managed.map((node) => node.id),
    clock,
    readyMs: Number(readyNanos - calledNanos) / 1e6,
    connect(id) {
      const { port } = network.clientAddress(id)
      const registers = (options.object ?? DEFAULT_OBJECT) === DEFAULT_OBJECT
      const life = () => byId.get(id)?.life() ?? { number: 0, alive: false }
      return createHttpClient({ port, host: id, registers, life })
    },
    inject(fault, injected) {
      inject(fault, { nodes: byId, network, suffers: embeddedSuffers }).then(injected, (error: Error) =>
        injected({ type: 'failed', error: error.message }),
      )
    },
    ...(wire === undefined ? {} : { record: wire.begin }),
    status: () => new Map(managed.map((node) => [node.id, node.status()])),
    marked: () => managed.map((node) => node.id).filter((id) => news.marked.has(id)),
    leader: () => leaderOf(managed),
    logPath,
    url: (id) => `http://127.0.0.1:${network.clientAddress(id).port}`,
    pid: (id) => byId.get(id)?.pid(),
    keeperPid,
    // Time passes by itself; what happens before is not recorded.
    begin() {},
    onBroken: news.onBroken,
    trouble: () => news.trouble,
    stop(stopped) {
      // Whoever was interrupted waits for things that will not happen.
      clock.stop()
      stop().then(stopped)
    },
  }
}

async function endAll(
  nodes: readonly EmbeddedNode[],
  network: ClusterNetwork | undefined,
  keeper: Keeper,
): Promise<void> {
  await Promise.all(nodes.map((node) => node.end()))
  await network?.close()
  await keeper.close()
}

async function validate(options: EmbeddedClusterOptions): Promise<void> {
  const protocol = await loadProtocol(options.protocol)
  // The nodes create it; here it is to refuse a bug, an object or a knob that it does not have, before there are any.
  protocol.create({ bug: options.bug, object: options.object, knobs: options.knobs ?? {} })
  if (!Number.isInteger(options.nodes) || options.nodes < 1)
    throw new UserError('usage', `the number of nodes is ${options.nodes}; give a whole number, 1 or more`)
}

function makeDirectories(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      mkdirSync(path, { recursive: true })
    } catch (error) {
      const reason = (error as Error).message
      throw new UserError('environment', `${path} cannot be made (${reason}); choose a directory that can be written`)
    }
  }
}
