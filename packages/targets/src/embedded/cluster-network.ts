import type { NodeId } from '@chaos/faults'
import type { MessageFaults, Network, Route } from '@chaos/proxy'
import { createMessageFaults, createNetwork, jsonLines } from '@chaos/proxy'
import type { Ports } from './managed-node.ts'

/** The proxy around a cluster: a route from the clients to each node, and one from each node to each other node. */
export interface ClusterNetwork {
  readonly apply: Network['apply']
  /** On links between nodes, over which they speak JSON lines; clients speak HTTP. */
  readonly applyToMessages: MessageFaults['apply']
  /** Where clients dial to reach the node. */
  clientPort(node: NodeId): number
  /** Where a node dials to reach each other one. */
  peersOf(node: NodeId): { readonly id: NodeId; readonly port: number }[]
  /** Says where the node listens; undefined while it does not, so that nobody reaches whoever is given its ports next. */
  moved(node: NodeId, ports: Ports | undefined): void
  close(): Promise<void>
}

export async function openClusterNetwork(nodes: readonly NodeId[], seed: number): Promise<ClusterNetwork> {
  const network = createNetwork({ seed })
  const messages = createMessageFaults({ seed })
  const opening: Promise<Route>[] = []
  for (const to of nodes) {
    opening.push(network.route({ from: 'clients', to }))
    for (const from of nodes) {
      if (from === to) continue
      opening.push(network.route({ from, to, intercept: messages.intercept({ from, to, framing: jsonLines }) }))
    }
  }
  let routes: Route[]
  try {
    routes = await Promise.all(opening)
  } catch (error) {
    await network.close()
    throw error
  }
  return {
    apply: (fault) => network.apply(fault),
    applyToMessages: (fault) => messages.apply(fault),
    clientPort(node) {
      const route = routes.find(({ from, to }) => from === 'clients' && to === node)
      if (route === undefined) throw new Error(`there is no node ${node}`)
      return route.port
    },
    peersOf: (node) => routes.filter(({ from }) => from === node).map(({ to, port }) => ({ id: to, port })),
    moved(node, ports) {
      for (const route of routes.filter(({ to }) => to === node)) {
        const port = route.from === 'clients' ? ports?.clientPort : ports?.peerPort
        route.setUpstream(port === undefined ? undefined : { host: '127.0.0.1', port })
      }
    },
    close: () => network.close(),
  }
}
