import { chmodSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type NodeId, nodeNames } from '@chaosproxy/faults'
import { environmentError } from '@chaosproxy/history'
import { findBySocketOwner, type PeerFinder } from '@chaosproxy/proxy'
import type { StartOptions } from '@chaosproxy/runner'
import { addressesOf, type CommandNode, openCommandNode } from '../command/command-node.ts'
import { holdsData, makeDataDirectory } from '../command/data-directory.ts'
import { reservePorts } from '../command/ports.ts'
import { makeTemporary } from '../keeper/temporary.ts'
import { type ClusterNetwork, linksAmong } from '../network/cluster-network.ts'
import type { Starting } from '../network/starting.ts'
import { openMachines } from '../preload/machines.ts'
import { requireFilled } from './command-fault.ts'
import type { NodesDeclaration } from './declaration.ts'
import { nodePlaceholders, type Surroundings } from './node-placeholders.ts'
import type { OwnCluster } from './open-cluster.ts'
import { type ClusterPlan, inPlace, withPlace } from './parts.ts'
import type { RoleWatch } from './role.ts'
import { type DeclaredOptions, startServing } from './start-serving.ts'

interface CommandClusterOptions
  extends DeclaredOptions,
    Pick<StartOptions, 'nodes' | 'settings' | 'dataDir' | 'faults'> {
  readonly declaration: NodesDeclaration
  readonly plan: ClusterPlan
  /** Watches roles for a target in code, in place of the declaration's `role`. */
  readonly watchRoles?: ((nodes: readonly Started[]) => RoleWatch) | undefined
}

type Started = CommandNode<string>

/**
 * Starts each node's command, with every link through the proxy.
 *
 * @throws UserError as `startServing`.
 */
export async function startCommandCluster(options: CommandClusterOptions): Promise<OwnCluster> {
  const { declaration, plan, signal, watchRoles } = options
  const ids = nodeNames(options.nodes)
  const announced = plan.ports.filter((port) => port.announced).map(({ name }) => name)
  const numbers = declaration.ownAddresses ? await numbersOf(ids, announced) : {}
  return startServing<Started>({
    ...options,
    ids,
    clientPort: plan.ports[0].name,
    links: linksAmong(ids, plan.peerPorts),
    announced:
      announced.length === 0
        ? undefined
        : (nodes) => ({ ports: announced, numbers, dialler: diallerOf(options, () => pidsOf(nodes())) }),
    failover: plan.failover,
    orphans: 'nodes will be left running',
    async comeUp(starting, network, timeoutMs) {
      await openNodes(options, starting, { network, announced, numbers, timeoutMs })
      signal?.throwIfAborted()
      if (declaration.start === 'in-order') for (const node of starting.nodes) await node.start()
      else await Promise.all(starting.nodes.map((node) => node.start()))
    },
    watchRoles:
      watchRoles === undefined ? undefined : (nodes, timeoutMs) => untilLed(options, watchRoles(nodes), timeoutMs),
    remedy:
      '{data} was empty when this run started the node, so the node stores its data elsewhere: delete that data, or let the node use {data}.',
  })
}

type AnnouncedNumbers = { readonly [node: NodeId]: { readonly [port: string]: number } }

/**
 * Reserves the numbers of announced ports. Node and proxy use the same number, because some servers, such as Galera's,
 * announce only a port, and take the host from the connection.
 */
async function numbersOf(ids: readonly NodeId[], announced: readonly string[]): Promise<AnnouncedNumbers> {
  const numbers: { [node: NodeId]: { readonly [port: string]: number } } = {}
  for (const id of ids) numbers[id] = await reservePorts(announced, '0.0.0.0')
  return numbers
}

/** Returns how to identify a dialling node: by its own source address, or else by its processes. */
function diallerOf({ declaration, nodes }: CommandClusterOptions, pids: () => ReadonlyMap<NodeId, number>): PeerFinder {
  if (!declaration.ownAddresses || !declaration.ownSources) return findBySocketOwner(pids)
  const byAddress = new Map(nodeNames(nodes).map((id) => [ownAddress(id), id]))
  return { by: 'source address', find: async ({ host }) => byAddress.get(host) }
}

async function untilLed(
  { where, signal }: CommandClusterOptions,
  watch: RoleWatch,
  timeoutMs: number,
): Promise<RoleWatch> {
  if (await watch.untilLed(timeoutMs, signal)) return watch
  await watch.stop()
  throw environmentError(`${where}: the cluster is not ready after ${timeoutMs} ms (${watch.answers().join('; ')}).`)
}

interface NodeSurroundings {
  readonly network: ClusterNetwork
  readonly announced: readonly string[]
  readonly numbers: AnnouncedNumbers
  readonly timeoutMs: number
}

async function openNodes(
  options: CommandClusterOptions,
  starting: Starting<Started>,
  { network, announced, numbers, timeoutMs }: NodeSurroundings,
): Promise<void> {
  const { declaration, plan, settings, logDir } = options
  const ids = nodeNames(options.nodes)
  const dataDir = dataDirectory(options, starting)
  makeDataDirectory(logDir)
  const { faults = [], seed, exposure } = options
  const machines = await openMachines({ faults, seed, keeper: starting.keeper, by: exposure.below })
  starting.machines = machines
  const around: Surroundings = {
    nodes: ids,
    ports: plan.ports.map(({ name }) => name),
    peerPorts: plan.peerPorts.map(({ name }) => name),
    announcedPorts: announced,
    settings,
    lists: declaration.lists ?? {},
    values: (id) => plan.node(id).values,
    peer: network.peerAddress,
    announced: network.announcedAddress,
  }
  for (const id of ids) {
    const host = declaration.ownAddresses ? ownAddress(id) : '127.0.0.1'
    const logPath = join(logDir, `${id}.log`)
    const node = await openCommandNode<string>({
      id,
      ...plan.node(id),
      ports: [plan.ports[0].name, ...plan.ports.slice(1).map(({ name }) => name)],
      numbers: numbers[id],
      host,
      dataDir: join(dataDir, id),
      machine: machines?.of(id, { disk: join(dataDir, id), user: plan.node(id).command.user, logPath }),
      wipedOnRestart: settings['data'] === 'wiped',
      placeholders: (ports) => nodePlaceholders(id, addressesOf(ports, host), around),
      keeper: starting.keeper,
      logPath,
      startupTimeoutMs: timeoutMs,
      waits: options.waits,
      moved: (ports) => network.moved(id, ports && addressesOf(ports, host)),
      died: (message) => starting.news.trouble.push(message),
    }).catch((error: unknown) => {
      throw withPlace(error, options.where)
    })
    starting.nodes = [...starting.nodes, node]
    // Checks placeholders before any node starts.
    inPlace(options.where, () => requireFilled(plan.failover, node.placeholders()))
  }
}

/** Returns the nodes' data directory. If nodes run as other users, every user must have access. */
function dataDirectory({ plan, nodes, dataDir: given }: CommandClusterOptions, starting: Starting<Started>): string {
  // The path is absolute, because commands may have another working directory.
  const dataDir = resolve(given)
  const ids = nodeNames(nodes)
  const others = process.getuid?.() === 0 && ids.some((id) => plan.node(id).command.user !== undefined)
  if (others) {
    starting.temporary = makeTemporary(starting.keeper, 'chaos-data-')
    chmodSync(starting.temporary, 0o755)
    return starting.temporary
  }
  const full = ids.map((id) => join(dataDir, id)).find(holdsData)
  if (full !== undefined)
    throw environmentError(`${full} holds data from an earlier run. Remove the data, or move it elsewhere.`)
  const isOurs = !existsSync(dataDir)
  makeDataDirectory(dataDir)
  for (const path of isOurs ? [dataDir] : ids.map((id) => join(dataDir, id))) starting.keeper.removeLater(path)
  return dataDir
}

const pidsOf = (nodes: readonly Started[]): ReadonlyMap<NodeId, number> =>
  new Map(
    nodes.flatMap((node) => {
      const pid = node.pid()
      return pid === undefined ? [] : [[node.id, pid] as const]
    }),
  )

const BYTES = 254

/**
 * The first three bytes of the nodes' addresses. They depend on the process, so that two clusters with fixed ports do
 * not collide.
 */
const network = `127.${1 + (process.pid % BYTES)}.${1 + (Math.floor(process.pid / BYTES) % BYTES)}`

/** Linux accepts all of 127.0.0.0/8 as loopback addresses. */
const ownAddress = (node: NodeId): string => `${network}.${10 + Number(node.slice(1))}`
