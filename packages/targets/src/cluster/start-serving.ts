import { join } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import type { Address } from '@chaosproxy/proxy'
import type { StartOptions } from '@chaosproxy/runner'
import { declaredElsewhere } from '../client-kinds/elsewhere.ts'
import type { NodeAddress, PlannedClients } from '../clients/planned-clients.ts'
import { fillCommand, type Placeholders } from '../command/placeholders.ts'
import { runPreparation } from '../command/run-to-end.ts'
import { type CommandText, wordsOf } from '../command/words.ts'
import { type ClusterNetwork, type ClusterNetworkOptions, openClusterNetwork } from '../network/cluster-network.ts'
import { type Starting, type StartingOptions, startCluster } from '../network/starting.ts'
import { openWireRecord } from '../network/wire-record.ts'
import type { RemoteProxies } from '../remote/remote-proxies.ts'
import type { CommandFault } from './command-fault.ts'
import type { NodesDeclaration } from './declaration.ts'
import { failoverOf } from './failover.ts'
import { declaredFaultSupport, type Exposure } from './fault-support.ts'
import { addAddresses } from './node-placeholders.ts'
import { type OwnCluster, openCluster, type ServingNode } from './open-cluster.ts'
import type { RoleWatch } from './role.ts'
import { type RoleWatchOfOptions, roleWatchOf } from './role-watch.ts'
import { serveFromNothing } from './serve-from-nothing.ts'

export interface DeclaredOptions
  extends Pick<
    StartOptions,
    'operations' | 'seed' | 'logDir' | 'version' | 'reach' | 'rehearses' | 'waits' | 'signal'
  > {
  /** The prefix of every error message: the declaration's file. */
  readonly where: string
  readonly clients: PlannedClients
  readonly exposure: Exposure
}

interface ServingOptions<Node extends ServingNode> extends DeclaredOptions, Pick<StartingOptions, 'orphans'> {
  readonly declaration: Pick<NodesDeclaration, 'before' | 'role' | 'readyWithinMs'>
  readonly ids: readonly NodeId[]
  readonly clientPort: string
  readonly links: ClusterNetworkOptions['links']
  /** Endpoints that are not nodes but have links. */
  readonly others?: readonly string[] | undefined
  readonly announced?: ((nodes: () => readonly Node[]) => ClusterNetworkOptions['announced']) | undefined
  readonly failover: CommandFault | undefined
  /** Connects to the proxies of other hosts. */
  readonly remotes?: (() => Promise<RemoteProxies>) | undefined
  /** Adds each node to `starting` once it is available, and resolves once all nodes are ready. */
  comeUp(starting: Starting<Node>, network: ClusterNetwork, timeoutMs: number): Promise<void>
  /**
   * Waits for a leader, and then keeps watching roles. By default, `declaration.role` says how to ask for a node's
   * role.
   */
  readonly watchRoles?: ((nodes: readonly Node[], timeoutMs: number) => Promise<RoleWatch>) | undefined
  readonly remedy: string
}

const READY_WITHIN_MS = 30_000

/**
 * Brings up nodes behind the proxy. Waits until all nodes are ready, a node leads (if the declaration has `role`), and
 * a node answers a read. Then runs the rehearsal, if requested. A failed call leaves nothing behind.
 *
 * @throws UserError: input for unknown placeholders; environment if a node is not ready, no node leads, or the objects
 * already hold data; and the errors of a rehearsal.
 */
export const startServing = <Node extends ServingNode>(options: ServingOptions<Node>): Promise<OwnCluster> =>
  startCluster<Node, OwnCluster>(options, async (starting) => {
    const { declaration, ids, clientPort, operations, seed, logDir, where, reach, signal, exposure } = options
    // Identifies the run in object names. Clients in workers use the same text.
    const run = Date.now().toString(36)
    const { keeper, news, calledNanos, stop } = starting
    const timeoutMs = declaration.readyWithinMs ?? READY_WITHIN_MS
    const carries = options.clients.carries(operations)
    const wire = options.clients.sessions === undefined ? undefined : openWireRecord()
    const remotes = await options.remotes?.()
    starting.remotes = remotes
    const clients = await options.clients.open({
      ...{ operations, logDir, keeper, broke: news.broke, run },
      nodes: () => clientAddresses(starting.nodes, starting.network),
    })
    starting.clients = clients
    const network = await openClusterNetwork({
      nodes: ids,
      seed,
      clients: { port: clientPort, carries, host: reach, recorder: wire?.recorder },
      links: options.links,
      announced: options.announced?.(() => starting.nodes),
    })
    starting.network = network
    await options.comeUp(starting, network, timeoutMs)
    const { nodes } = starting
    const around = { where, nodes, keeper, logDir, timeoutMs }
    await runBefore({ ...around, before: declaration.before, network })
    const roles =
      options.watchRoles === undefined
        ? await roleWatchOf({ ...around, role: declaration.role, signal })
        : await options.watchRoles(nodes, timeoutMs)
    starting.roles = roles
    const reached = (id: NodeId) => ({ node: id, ...addressOf(nodes, id, clientPort) })
    await clients.prepare?.(ids.map(reached), timeoutMs)
    await serveFromNothing({
      ...{ nodes: ids, operations, timeoutMs, signal, broken: news.broken, remedy: options.remedy, logDir },
      connect: (id) => clients.connect(reached(id)),
      requestOf: clients.requestOf,
      isAlive: () => starting.nodes.some(({ life }) => life().alive),
      waits: options.waits,
    })
    const rehearsal = options.rehearses ? await clients.rehearse?.(ids.map(reached), signal) : undefined
    await starting.machines?.settle(nodes)
    return openCluster({
      ...{ nodes, network, clients, wire, roles, news, calledNanos, stop, keeperPid: keeper.pid },
      elsewhere: () => declaredElsewhere(options.clients, { where, operations, run }),
      supports: (kind) => declaredFaultSupport(exposure, kind),
      rehearsal,
      notes: async () => [
        ...(rehearsal?.remark === undefined ? [] : [rehearsal.remark]),
        ...((await starting.redirected?.notes()) ?? []),
        ...(starting.machines?.notes() ?? []),
      ],
      others: options.others,
      remotes,
      datagrams: starting.redirected,
      failover: failoverOf(options.failover, { nodes, keeper, logDir }),
    })
  })

function addressOf(nodes: readonly ServingNode[], id: NodeId, port: string): Address {
  const address = nodes.find((node) => node.id === id)?.addresses[port]
  if (address === undefined) throw new Error(`${id} has no port ${port}`)
  return address
}

/** Returns the proxied client addresses of all nodes, if there is a proxy. */
const clientAddresses = (
  nodes: readonly Pick<ServingNode, 'id' | 'life'>[],
  network: ClusterNetwork | undefined,
): readonly NodeAddress[] =>
  network === undefined ? [] : nodes.map(({ id, life }) => ({ node: id, ...network.clientAddress(id), life }))

interface RunBeforeOptions extends Pick<RoleWatchOfOptions, 'where' | 'keeper' | 'logDir' | 'timeoutMs'> {
  readonly before: readonly CommandText[] | undefined
  readonly nodes: readonly Pick<ServingNode, 'id' | 'addresses'>[]
  readonly network: ClusterNetwork
}

/**
 * Runs the commands that join ready nodes into a cluster, or that delete its data. `{client.n1}` is the proxied client
 * address of a node; `{node.n1}` and `{node.n1.NAME}` are its real addresses.
 *
 * @throws UserError: input for an unknown placeholder, environment if a command fails.
 */
async function runBefore({ before = [], ...options }: RunBeforeOptions): Promise<void> {
  const { where, nodes, network, keeper, logDir, timeoutMs } = options
  const values: { [name: string]: string | number } = {}
  for (const { id, addresses } of nodes) {
    addAddresses(values, `client.${id}`, { client: network.clientAddress(id) }, ['client'])
    addAddresses(values, `node.${id}`, addresses, Object.keys(addresses))
  }
  const logPath = join(logDir, 'before.log')
  for (const text of before) {
    const command = fillCommand({ words: wordsOf(text, `${where}: before`) }, values satisfies Placeholders)
    await runPreparation(`${where}: before`, { name: 'before', command, keeper, logPath, timeoutMs })
  }
}
