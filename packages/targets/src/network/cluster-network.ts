import type { NodeId } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type {
  Address,
  Framing,
  HttpFaults,
  Intercept,
  MessageFaults,
  Network,
  PeerFinder,
  Recorder,
  Route,
  RouteOptions,
} from '@chaosproxy/proxy'
import { chain, createHttpFaults, createMessageFaults, createNetwork, recordResp, resp } from '@chaosproxy/proxy'
import type { Carriage } from '@chaosproxy/proxy/control'

/** The proxy around a cluster: a route from the clients to each node, and one from each node to each other node. */
export interface ClusterNetwork {
  readonly apply: Network['apply']
  /** On links from clients to nodes over which they speak HTTP. */
  readonly applyToRequests: HttpFaults['apply']
  /** On links whose messages have a known framing. */
  readonly applyToMessages: MessageFaults['apply']
  /** Whether messages between clients and nodes have a known framing. */
  readonly framesClients: boolean
  /** Calls back with each node that `crash-before-reply` is to end; until the returned function is called. */
  onCrash(crash: (node: NodeId) => void): () => void
  /** Where clients dial to reach the node. */
  clientAddress(node: NodeId): Address
  /** Where one node dials a port of another. */
  peerAddress(from: NodeId, to: NodeId, port: string): Address
  /** What a node can tell everybody of a port of its own: the proxy finds out who dials. Of announced ports only. */
  announcedAddress(node: NodeId, port: string): Address
  /** Says where the node listens; undefined while it does not, so that nobody reaches whoever is given its ports next. */
  moved(node: NodeId, listening: Listening | undefined): void
  close(): Promise<void>
}

/** Where a node listens, by the names of its ports. */
export interface Listening {
  readonly [port: string]: Address
}

export interface ClusterNetworkOptions {
  readonly nodes: readonly NodeId[]
  readonly seed: number
  readonly clients: {
    readonly port: string
    /** What passes, as far as the proxy understands it. */
    readonly carries: Carriage | undefined
    /** Writes down what clients ask and are answered. */
    readonly recorder?: Recorder | undefined
  }
  /** Those between nodes. */
  readonly links: readonly PeerLink[]
  /** Addresses that nodes tell everybody. */
  readonly announced?:
    | {
        readonly ports: readonly string[]
        /** Tells who dials one. */
        readonly dialler: PeerFinder
      }
    | undefined
}

/** One port of one node, as one endpoint dials it. */
export interface LinkPort {
  readonly from: NodeId | 'clients'
  readonly to: NodeId
  readonly port: string
}

/** Where one node dials a port of another. */
export interface PeerLink extends LinkPort {
  readonly from: NodeId
  /** How messages are told apart there, if that is known. */
  readonly framing?: Framing | undefined
  /** Any free port of 127.0.0.1 unless given. */
  readonly listen?: Address | undefined
  /** Where it leads, if that is known before its node says so. */
  readonly upstream?: Address | undefined
}

interface OpenRoute extends LinkPort {
  readonly announced: boolean
  /** Whether it leads where it was said to from the start. */
  readonly fixed: boolean
  readonly route: Route
}

/** @throws UserError (environment) if the proxy cannot listen. */
export async function openClusterNetwork(options: ClusterNetworkOptions): Promise<ClusterNetwork> {
  const { nodes, seed, clients, links, announced } = options
  const network = createNetwork({ seed })
  const messages = createMessageFaults({ seed })
  const crashes = new Set<(node: NodeId) => void>()
  const crashServer = (node: NodeId): void => {
    for (const crash of crashes) crash(node)
  }
  const requests = createHttpFaults({ seed, recorder: clients.recorder, crashServer })

  async function open({ from, to, port }: LinkPort, how: Partial<RouteOptions>): Promise<OpenRoute> {
    const route = await network.route({ from, to, ...how })
    return { from, to, port, announced: how.peers !== undefined, fixed: how.upstream !== undefined, route }
  }

  function clientIntercept(to: NodeId): Intercept | undefined {
    const { carries, recorder } = clients
    const link = { from: 'clients', to }
    switch (carries?.kind) {
      case undefined:
        return undefined
      case 'http':
        return requests.intercept({ ...link, table: carries.table })
      case 'resp': {
        const framed = messages.intercept({ ...link, framing: resp })
        return recorder === undefined ? framed : chain(recordResp({ ...carries, recorder, node: to }), framed)
      }
      case 'messages':
        return messages.intercept({ ...link, framing: carries.framing })
      case 'http2':
        throw new UserError('input', 'clients of a cluster cannot speak HTTP/2 yet: let them speak HTTP/1.1')
    }
  }

  const opening: Promise<OpenRoute>[] = []
  for (const to of nodes) {
    opening.push(open({ from: 'clients', to, port: clients.port }, { intercept: clientIntercept(to) }))
    for (const port of announced?.ports ?? [])
      opening.push(open({ from: 'clients', to, port }, { peers: announced?.dialler }))
  }
  for (const link of links) {
    const { from, to, framing, listen, upstream } = link
    const intercept = framing === undefined ? undefined : messages.intercept({ from, to, framing })
    opening.push(open(link, { intercept, listen, upstream }))
  }
  let routes: OpenRoute[]
  try {
    routes = await Promise.all(opening)
  } catch (error) {
    await network.close()
    throw error
  }

  function addressOf(asked: LinkPort, isAnnounced = false): Address {
    const found = routes.find(
      ({ from, to, port, ...found }) =>
        from === asked.from && to === asked.to && port === asked.port && found.announced === isAnnounced,
    )
    if (found === undefined) throw new Error(`no route leads from ${asked.from} to ${asked.to}'s port ${asked.port}`)
    return { host: found.route.host, port: found.route.port }
  }

  return {
    apply: (fault) => network.apply(fault),
    applyToRequests: (fault) => requests.apply(fault),
    applyToMessages: (fault) => messages.apply(fault),
    framesClients: clients.carries?.kind === 'resp' || clients.carries?.kind === 'messages',
    onCrash(crash) {
      crashes.add(crash)
      return () => void crashes.delete(crash)
    },
    clientAddress: (to) => addressOf({ from: 'clients', to, port: clients.port }),
    peerAddress: (from, to, port) => addressOf({ from, to, port }),
    announcedAddress: (to, port) => addressOf({ from: 'clients', to, port }, true),
    moved(node, listening) {
      for (const { to, port, fixed, route } of routes) if (to === node && !fixed) route.setUpstream(listening?.[port])
    },
    close: () => network.close(),
  }
}

/** A link for each port from each node to each other one. */
export const linksAmong = (
  nodes: readonly NodeId[],
  ports: readonly { readonly name: string; readonly framing?: Framing | undefined }[],
): PeerLink[] =>
  nodes.flatMap((from) =>
    nodes
      .filter((to) => to !== from)
      .flatMap((to) => ports.map(({ name, framing }): PeerLink => ({ from, to, port: name, framing }))),
  )
