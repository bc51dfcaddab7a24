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

/** A port that nodes dial at each other. */
export interface PeerPort {
  readonly name: string
  /** How messages are told apart there, if that is known. */
  readonly framing?: Framing | undefined
  /** Whether one address of it is told to everybody, as nodes do that gossip their own. */
  readonly announced?: boolean | undefined
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
  readonly peerPorts: readonly PeerPort[]
  /** Tells who dials an announced address. */
  readonly dialler?: PeerFinder | undefined
  /** Where to listen for a link, where that cannot be any free port of 127.0.0.1. */
  readonly listen?: ((link: LinkPort) => Partial<Address> | undefined) | undefined
}

/** One port of one node, as one endpoint dials it. */
export interface LinkPort {
  readonly from: NodeId | 'clients'
  readonly to: NodeId
  readonly port: string
}

interface OpenRoute extends LinkPort {
  readonly announced: boolean
  readonly route: Route
}

/** @throws UserError (environment) if the proxy cannot listen. */
export async function openClusterNetwork(options: ClusterNetworkOptions): Promise<ClusterNetwork> {
  const { nodes, seed, clients, peerPorts, dialler } = options
  const network = createNetwork({ seed })
  const messages = createMessageFaults({ seed })
  const crashes = new Set<(node: NodeId) => void>()
  const crashServer = (node: NodeId): void => {
    for (const crash of crashes) crash(node)
  }
  const requests = createHttpFaults({ seed, recorder: clients.recorder, crashServer })

  async function open(link: LinkPort, intercept: Intercept | undefined, peers?: PeerFinder): Promise<OpenRoute> {
    const { from, to } = link
    const route = await network.route({ from, to, listen: options.listen?.(link), intercept, peers })
    return { ...link, announced: peers !== undefined, route }
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
    opening.push(open({ from: 'clients', to, port: clients.port }, clientIntercept(to)))
    for (const { name: port, framing, announced } of peerPorts) {
      for (const from of nodes) {
        if (from === to) continue
        const intercept = framing === undefined ? undefined : messages.intercept({ from, to, framing })
        opening.push(open({ from, to, port }, intercept))
      }
      if (announced && dialler !== undefined) opening.push(open({ from: 'clients', to, port }, undefined, dialler))
    }
  }
  let routes: OpenRoute[]
  try {
    routes = await Promise.all(opening)
  } catch (error) {
    await network.close()
    throw error
  }

  function addressOf(asked: LinkPort, announced = false): Address {
    const found = routes.find(
      ({ from, to, port, ...route }) =>
        from === asked.from && to === asked.to && port === asked.port && route.announced === announced,
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
      for (const { to, port, route } of routes) if (to === node) route.setUpstream(listening?.[port])
    },
    close: () => network.close(),
  }
}
