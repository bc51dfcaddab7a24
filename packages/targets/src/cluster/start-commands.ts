import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type NodeId, nodeNames } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import { type Address, findBySocketOwner, type PeerFinder } from '@chaosproxy/proxy'
import type { StartOptions } from '@chaosproxy/runner'
import type { OpenedClients, PlannedClients } from '../clients/planned-clients.ts'
import { addressesOf, type CommandNode, openCommandNode } from '../command/command-node.ts'
import { holdsData, makeDataDirectory } from '../command/data-directory.ts'
import { type Keeper, startKeeper } from '../command/keeper.ts'
import { type ClusterNetwork, linksAmong, openClusterNetwork } from '../network/cluster-network.ts'
import { type ClusterNews, createNews } from '../network/news.ts'
import { openWireRecord, type WireRecord } from '../network/wire-record.ts'
import { clientAddresses } from './client-addresses.ts'
import type { NodesDeclaration } from './declaration.ts'
import { failoverOf, requireFilled } from './failover.ts'
import { nodePlaceholders, type Surroundings } from './node-placeholders.ts'
import { type OwnCluster, openCluster } from './open-cluster.ts'
import { ownAddress } from './own-address.ts'
import { type ClusterPlan, inPlace, withPlace } from './parts.ts'
import type { RoleWatch } from './role.ts'
import { roleWatchOf } from './role-watch.ts'
import { runBefore } from './run-before.ts'
import { serveFromNothing } from './serve-from-nothing.ts'
import { declaredSuffers, type Exposure } from './suffers.ts'

export interface CommandClusterOptions
  extends Pick<StartOptions, 'nodes' | 'settings' | 'asked' | 'seed' | 'dataDir' | 'logDir' | 'signal'> {
  readonly declaration: NodesDeclaration
  /** The start of every message: the name of a file. */
  readonly where: string
  readonly plan: ClusterPlan
  readonly clients: PlannedClients
  readonly exposure: Exposure
  /** Watches roles for a target written in code; by default the declaration says how. */
  readonly watchRoles?: ((nodes: readonly CommandNode<string>[]) => RoleWatch) | undefined
}

const READY_WITHIN_MS = 30_000

/** What has been started, to be stopped in reverse order. */
interface Started {
  readonly keeper: Keeper
  readonly news: ClusterNews
  readonly nodes: CommandNode<string>[]
  network?: ClusterNetwork
  clients?: OpenedClients
  roles?: RoleWatch | undefined
  /** A temporary directory of ours, removed at the end. */
  temporary?: string
  stopping?: Promise<void>
}

/**
 * Starts each node's command with every link through the proxy. Waits until all nodes are ready, one of them leads (if
 * the declaration says how to tell), and one answers a read.
 *
 * @throws UserError: input for unknown placeholders, environment if a node does not come up. Nothing is left behind.
 */
export async function startCommandCluster(options: CommandClusterOptions): Promise<OwnCluster> {
  const { signal, exposure } = options
  const calledNanos = process.hrtime.bigint()
  const news = createNews()
  const keeper = startKeeper(() =>
    news.trouble.push('the keeper ended: if this process is killed, nodes will be left running'),
  )
  const started: Started = { keeper, news, nodes: [] }
  const stop = () => {
    started.stopping ??= stopAll(started)
    return started.stopping
  }
  // Aborting makes the start fail, and so clean up like any failure.
  const abort = () => {
    for (const node of started.nodes) void node.end()
  }
  signal?.addEventListener('abort', abort)
  try {
    const { network, clients, wire } = await startAll(options, started)
    signal?.throwIfAborted()
    return openCluster({
      ...{ nodes: started.nodes, network, clients, wire, roles: started.roles, news, calledNanos, stop },
      suffers: (kind) => declaredSuffers(exposure, kind),
      failover: failoverOf(options.plan.failover, { nodes: started.nodes, keeper, logDir: options.logDir }),
      keeperPid: keeper.pid,
    })
  } catch (error) {
    await stop()
    throw signal?.aborted
      ? new UserError('environment', 'the start of the cluster was given up')
      : withTrouble(error, news)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/** Adds the nodes that ended during the wait, which usually explain why it failed. */
function withTrouble(error: unknown, { trouble }: ClusterNews): unknown {
  if (!(error instanceof UserError) || trouble.length === 0) return error
  return new UserError(error.code, [error.message, ...trouble].join('\n'))
}

interface Ready {
  readonly network: ClusterNetwork
  readonly clients: OpenedClients
  readonly wire: WireRecord | undefined
}

async function startAll(options: CommandClusterOptions, started: Started): Promise<Ready> {
  const { declaration, plan, asked, logDir, signal } = options
  const ids = nodeNames(options.nodes)
  const carries = options.clients.carries(asked)
  const wire = options.clients.sessions === undefined ? undefined : openWireRecord()
  const clients = await options.clients.open({
    ...{ asked, logDir, keeper: started.keeper, broke: started.news.broke },
    nodes: () => clientAddresses(started.nodes, started.network),
  })
  started.clients = clients
  const announced = plan.ports.filter((port) => port.announced).map(({ name }) => name)
  const pids = () => pidsOf(started.nodes)
  const network = await openClusterNetwork({
    nodes: ids,
    seed: options.seed,
    clients: { port: plan.ports[0].name, carries, recorder: wire?.recorder },
    links: linksAmong(ids, plan.peerPorts),
    announced: announced.length === 0 ? undefined : { ports: announced, dialler: diallerOf(options, pids) },
  })
  started.network = network
  await openNodes(options, started, network)
  signal?.throwIfAborted()
  if (declaration.start === 'in-order') for (const node of started.nodes) await node.start()
  else await Promise.all(started.nodes.map((node) => node.start()))
  const timeoutMs = declaration.readyWithinMs ?? READY_WITHIN_MS
  const { keeper, nodes } = started
  await runBefore({ ...options, before: declaration.before, keeper, nodes, network, timeoutMs })
  started.roles = await rolesOf(options, started, timeoutMs)
  const reached = ids.map((id) => ({ node: id, ...addressOf(nodes, id, plan.ports[0].name) }))
  await clients.prepare?.(reached, timeoutMs)
  await serveFromNothing({
    ...{ nodes: ids, asked, timeoutMs, signal, broken: started.news.broken },
    connect: (id) => clients.connect({ node: id, ...addressOf(nodes, id, plan.ports[0].name) }),
    remedy: 'It was started by this run, so it keeps data elsewhere than in {data}: empty that, or give it {data}.',
  })
  return { network, clients, wire }
}

/**
 * Identifies a dialling node by its source address if it has one of its own and dials from it; otherwise by its
 * processes.
 */
function diallerOf({ declaration, nodes }: CommandClusterOptions, pids: () => ReadonlyMap<NodeId, number>): PeerFinder {
  if (!declaration.ownAddresses || !declaration.ownSources) return findBySocketOwner(pids)
  const byAddress = new Map(nodeNames(nodes).map((id) => [ownAddress(id), id]))
  return { by: 'source address', find: async ({ host }) => byAddress.get(host) }
}

async function rolesOf(
  options: CommandClusterOptions,
  { keeper, nodes }: Started,
  timeoutMs: number,
): Promise<RoleWatch | undefined> {
  const { watchRoles, declaration, where, signal } = options
  if (watchRoles === undefined) return roleWatchOf({ ...options, role: declaration.role, keeper, nodes, timeoutMs })
  const watch = watchRoles(nodes)
  if (await watch.untilLed(timeoutMs, signal)) return watch
  await watch.stop()
  throw new UserError('environment', `${where}: not ready after ${timeoutMs} ms (${watch.answers().join('; ')}).`)
}

async function openNodes(options: CommandClusterOptions, started: Started, network: ClusterNetwork): Promise<void> {
  const { declaration, plan, settings, logDir } = options
  const ids = nodeNames(options.nodes)
  const dataDir = dataDirectory(options, started)
  makeDataDirectory(logDir)
  const around: Surroundings = {
    nodes: ids,
    ports: plan.ports.map(({ name }) => name),
    peerPorts: plan.peerPorts.map(({ name }) => name),
    announcedPorts: plan.ports.filter(({ announced }) => announced).map(({ name }) => name),
    settings,
    lists: declaration.lists ?? {},
    values: (id) => plan.node(id).values,
    peer: network.peerAddress,
    announced: network.announcedAddress,
  }
  for (const id of ids) {
    const host = declaration.ownAddresses ? ownAddress(id) : '127.0.0.1'
    const node = await openCommandNode<string>({
      id,
      ...plan.node(id),
      ports: [plan.ports[0].name, ...plan.ports.slice(1).map(({ name }) => name)],
      host,
      dataDir: join(dataDir, id),
      wipedOnRestart: settings['data'] === 'wiped',
      placeholders: (ports) => nodePlaceholders(id, addressesOf(ports, host), around),
      keeper: started.keeper,
      logPath: join(logDir, `${id}.log`),
      startupTimeoutMs: declaration.readyWithinMs ?? READY_WITHIN_MS,
      moved: (ports) => network.moved(id, ports && addressesOf(ports, host)),
      died: (message) => started.news.trouble.push(message),
    }).catch((error: unknown) => {
      throw withPlace(error, options.where)
    })
    started.nodes.push(node)
    // Check placeholders before anything starts rather than in the middle of a run.
    inPlace(options.where, () => requireFilled(plan.failover, node.placeholders()))
  }
}

/** The nodes' data directory. If nodes run as another user, it must be where every user has access. */
function dataDirectory({ plan, nodes, dataDir: given }: CommandClusterOptions, started: Started): string {
  // Absolute, because commands may have another working directory.
  const dataDir = resolve(given)
  const ids = nodeNames(nodes)
  const others = process.getuid?.() === 0 && ids.some((id) => plan.node(id).command.user !== undefined)
  if (others) {
    started.temporary = mkdtempSync(join(tmpdir(), 'chaos-data-'))
    chmodSync(started.temporary, 0o755)
    started.keeper.removeLater(started.temporary)
    return started.temporary
  }
  const full = ids.map((id) => join(dataDir, id)).find(holdsData)
  if (full !== undefined)
    throw new UserError('environment', `${full} holds data from an earlier run: remove it, or keep it elsewhere.`)
  const isOurs = !existsSync(dataDir)
  makeDataDirectory(dataDir)
  for (const path of isOurs ? [dataDir] : ids.map((id) => join(dataDir, id))) started.keeper.removeLater(path)
  return dataDir
}

function addressOf(nodes: readonly CommandNode<string>[], id: NodeId, port: string): Address {
  const address = nodes.find((node) => node.id === id)?.addresses[port]
  if (address === undefined) throw new Error(`${id} has no port ${port}`)
  return address
}

const pidsOf = (nodes: readonly CommandNode<string>[]): ReadonlyMap<NodeId, number> =>
  new Map(
    nodes.flatMap((node) => {
      const pid = node.pid()
      return pid === undefined ? [] : [[node.id, pid] as const]
    }),
  )

async function stopAll({ keeper, nodes, network, clients, roles, temporary }: Started): Promise<void> {
  await roles?.stop()
  await Promise.all(nodes.map((node) => node.end()))
  await clients?.close()
  await network?.close()
  if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true })
  await keeper.close()
}
