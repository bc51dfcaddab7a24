import { join } from 'node:path'
import { UserError } from '@chaosproxy/history'
import type { StartOptions } from '@chaosproxy/runner'
import type { OpenedClients, PlannedClients } from '../clients/planned-clients.ts'
import { makeDataDirectory } from '../command/data-directory.ts'
import { type Keeper, startKeeper } from '../command/keeper.ts'
import { type ClusterNetwork, openClusterNetwork } from '../network/cluster-network.ts'
import { type ClusterNews, createNews } from '../network/news.ts'
import { openWireRecord, type WireRecord } from '../network/wire-record.ts'
import { clientAddresses } from './client-addresses.ts'
import type { RunningDeclaration } from './declaration.ts'
import { failoverOf } from './failover.ts'
import { type OwnCluster, openCluster } from './open-cluster.ts'
import type { RoleWatch } from './role.ts'
import { roleWatchOf } from './role-watch.ts'
import { runBefore } from './run-before.ts'
import { type RunningNode, runningNode } from './running-node.ts'
import type { RunningPlan } from './running-plan.ts'
import { serveFromNothing } from './serve-from-nothing.ts'
import { declaredSuffers, type Exposure } from './suffers.ts'

export interface RunningClusterOptions extends Pick<StartOptions, 'asked' | 'seed' | 'logDir' | 'signal'> {
  readonly declaration: RunningDeclaration
  /** The start of every message: the name of a file. */
  readonly where: string
  readonly plan: RunningPlan
  readonly clients: PlannedClients
  readonly exposure: Exposure
}

const READY_WITHIN_MS = 30_000

interface Attached {
  readonly keeper: Keeper
  readonly news: ClusterNews
  readonly nodes: readonly RunningNode[]
  network?: ClusterNetwork
  clients?: OpenedClients
  roles?: RoleWatch | undefined
  stopping?: Promise<void>
}

/**
 * Puts the proxy between a running cluster and its clients, and between nodes that are configured to dial it. Stopping
 * heals the nodes; the cluster itself keeps running.
 *
 * @throws UserError (environment) if a node is not ready, no node leads, or the cluster already holds data.
 */
export async function attachCluster(options: RunningClusterOptions): Promise<OwnCluster> {
  const { declaration, plan, logDir, signal, exposure } = options
  const calledNanos = process.hrtime.bigint()
  makeDataDirectory(logDir)
  const news = createNews()
  const keeper = startKeeper(() =>
    news.trouble.push('the keeper ended: if this process is killed, nodes will be left as faults made them'),
  )
  const timeoutMs = declaration.readyWithinMs ?? READY_WITHIN_MS
  const nodes = plan.nodes.map((node) =>
    runningNode({ ...node, faults: plan.faults, timeoutMs, keeper, logPath: join(logDir, `${node.id}.log`) }),
  )
  const attached: Attached = { keeper, news, nodes }
  const stop = () => {
    attached.stopping ??= release(attached)
    return attached.stopping
  }
  try {
    const { network, clients, wire } = await attach(options, attached, timeoutMs)
    signal?.throwIfAborted()
    return openCluster({
      ...{ nodes, network, clients, wire, roles: attached.roles, news, calledNanos, stop },
      suffers: (kind) => declaredSuffers(exposure, kind),
      failover: failoverOf(plan.failover, { nodes, keeper, logDir }),
      keeperPid: keeper.pid,
    })
  } catch (error) {
    await stop()
    throw signal?.aborted ? new UserError('environment', 'the start was given up') : error
  }
}

interface Ready {
  readonly network: ClusterNetwork
  readonly clients: OpenedClients
  readonly wire: WireRecord | undefined
}

async function attach(options: RunningClusterOptions, attached: Attached, timeoutMs: number): Promise<Ready> {
  const { declaration, plan, asked, logDir, signal, where } = options
  const { nodes, keeper, news } = attached
  const ids = nodes.map(({ id }) => id)
  const wire = options.clients.sessions === undefined ? undefined : openWireRecord()
  const clients = await options.clients.open({
    ...{ asked, logDir, keeper, broke: news.broke },
    nodes: () => clientAddresses(nodes, attached.network),
  })
  attached.clients = clients
  const carries = options.clients.carries(asked)
  const network = await openClusterNetwork({
    nodes: ids,
    seed: options.seed,
    clients: { port: plan.clientPort, carries, recorder: wire?.recorder },
    links: plan.links,
  })
  attached.network = network
  for (const { id, addresses } of nodes) network.moved(id, addresses)
  await Promise.all(nodes.map((node) => node.ready(signal)))
  await runBefore({ before: declaration.before, where, nodes, network, keeper, logDir, timeoutMs })
  attached.roles = await roleWatchOf({ role: declaration.role, where, nodes, keeper, logDir, timeoutMs, signal })
  const reached = ids.map((id) => ({ node: id, ...clientAddress(nodes, id, plan) }))
  await clients.prepare?.(reached, timeoutMs)
  await serveFromNothing({
    ...{ nodes: ids, asked, timeoutMs, signal, broken: news.broken },
    connect: (id) => clients.connect({ node: id, ...clientAddress(nodes, id, plan) }),
    remedy:
      'Empty it, which commands in "before" can do; or give objects names of their own in each run: "keys": "{key}-{run}" of "client".',
  })
  return { network, clients, wire }
}

function clientAddress(nodes: readonly RunningNode[], id: string, { clientPort }: RunningPlan) {
  const address = nodes.find((node) => node.id === id)?.addresses[clientPort]
  if (address === undefined) throw new Error(`${id} has no port ${clientPort}`)
  return address
}

/** Retries every fault that is still not healed, and reports the ones that fail again. */
async function release({ keeper, news, nodes, network, clients, roles }: Attached): Promise<void> {
  await roles?.stop()
  for (const ended of await Promise.allSettled(nodes.map((node) => node.end())))
    if (ended.status === 'rejected') news.trouble.push(`could not be undone: ${(ended.reason as Error).message}`)
  await clients?.close()
  await network?.close()
  await keeper.close()
}
