import { join } from 'node:path'
import { makeDataDirectory } from '../command/data-directory.ts'
import { openRemoteProxies } from '../remote/remote-proxies.ts'
import type { RunningDeclaration } from './declaration.ts'
import type { OwnCluster } from './open-cluster.ts'
import { type RunningNode, runningNode } from './running-node.ts'
import type { RunningPlan } from './running-plan.ts'
import { type DeclaredOptions, startServing } from './start-serving.ts'

interface RunningClusterOptions extends DeclaredOptions {
  readonly declaration: RunningDeclaration
  readonly plan: RunningPlan
}

/**
 * Puts the proxy between a running cluster and its clients, and between nodes that are configured to dial it. Stopping
 * heals the nodes, and leaves them running.
 *
 * @throws UserError as `startServing`.
 */
export function attachCluster(options: RunningClusterOptions): Promise<OwnCluster> {
  const { plan, logDir, signal } = options
  makeDataDirectory(logDir)
  return startServing<RunningNode>({
    ...options,
    ids: plan.nodes.map(({ id }) => id),
    clientPort: plan.clientPort,
    links: plan.links,
    failover: plan.failover,
    remotes: plan.remotes.length === 0 ? undefined : () => openRemoteProxies(plan.remotes, options),
    orphans: 'nodes will be left as faults made them',
    async comeUp(starting, network, timeoutMs) {
      const { keeper } = starting
      starting.nodes = plan.nodes.map((node) =>
        runningNode({ ...node, faults: plan.faults, timeoutMs, keeper, logPath: join(logDir, `${node.id}.log`) }),
      )
      for (const { id, addresses } of starting.nodes) network.moved(id, addresses)
      await Promise.all(starting.nodes.map((node) => node.ready(signal)))
    },
    remedy:
      'Delete this data, for example by a command in "before"; or use new object names in every run: "keys": "{key}-{run}" in "client".',
  })
}
