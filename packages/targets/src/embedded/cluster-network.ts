import type { NodeId } from '@chaosproxy/faults'
import type { HttpFaults, MessageFaults, Network, Recorder, Route, RouteTable } from '@chaosproxy/proxy'
import { createHttpFaults, createMessageFaults, createNetwork, jsonLines } from '@chaosproxy/proxy'
import type { Ports } from './node-process.ts'

/** The proxy around a cluster: a route from the clients to each node, and one from each node to each other node. */
export interface ClusterNetwork {
  readonly apply: Network['apply']
  /** On links from clients to nodes, over which they speak HTTP. */
  readonly applyToRequests: HttpFaults['apply']
  /** On links between nodes, over which they speak JSON lines. */
  readonly applyToMessages: MessageFaults['apply']
  /** Calls back with each node that `crash-before-reply` is to end; until the returned function is called. */
  onCrash(crash: (node: NodeId) => void): () => void
  /** Where clients dial to reach the node. */
  clientPort(node: NodeId): number
  /** Where a node dials to reach each other one. */
  peersOf(node: NodeId): { readonly id: NodeId; readonly port: number }[]
  /** Says where the node listens; undefined while it does not, so that nobody reaches whoever is given its ports next. */
  moved(node: NodeId, ports: Ports | undefined): void
  close(): Promise<void>
}

/** What clients ask, as operations, and what writes them down. */
export interface RecordedClients {
  readonly table: RouteTable
  readonly recorder: Recorder
}

export async function openClusterNetwork(
  nodes: readonly NodeId[],
  seed: number,
  recorded: RecordedClients | undefined,
): Promise<ClusterNetwork> {
  const network = createNetwork({ seed })
  const messages = createMessageFaults({ seed })
  const crashes = new Set<(node: NodeId) => void>()
  const crashServer = (node: NodeId): void => {
    for (const crash of crashes) crash(node)
  }
  const requests = createHttpFaults({ seed, recorder: recorded?.recorder, crashServer })
  const opening: Promise<Route>[] = []
  for (const to of nodes) {
    const intercept = requests.intercept({ from: 'clients', to, table: recorded?.table })
    opening.push(network.route({ from: 'clients', to, intercept }))
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
    applyToRequests: (fault) => requests.apply(fault),
    applyToMessages: (fault) => messages.apply(fault),
    onCrash(crash) {
      crashes.add(crash)
      return () => void crashes.delete(crash)
    },
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
