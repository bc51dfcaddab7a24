import { type Link, linkName, type NodeId } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import {
  type Address,
  chain,
  createHttpFaults,
  createMessageFaults,
  createNetwork,
  type HttpFaults,
  type Intercept,
  type MessageFaults,
  type Network,
  type PeerFinder,
  type Route,
  type RouteOptions,
  recordConversations,
} from '@chaosproxy/proxy'
import type { Carriage } from '@chaosproxy/proxy/control'
import type { Recorder } from '@chaosproxy/recorder'
import type { Heard, Recollection } from '@chaosproxy/runner/result'
import type { Framing } from '@chaosproxy/wire'
import { heardOf } from './heard/heard.ts'

/** The proxy around a cluster, with a route from the clients to each node and between each two nodes. */
export interface ClusterNetwork {
  readonly apply: Network['apply']
  /** Applies faults to HTTP requests. The fault's links must lead from clients to nodes, and must carry HTTP. */
  readonly applyToRequests: HttpFaults['apply']
  /** Faults of messages, for links whose messages have a known framing. */
  readonly applyToMessages: MessageFaults['apply']
  /** Whether messages between clients and nodes have a known framing. */
  readonly framesClients: boolean
  /** Calls back for each node that the fault `crash-before-reply` crashes, until the returned function is called. */
  onCrash(crash: (node: NodeId) => void): () => void
  clientAddress(node: NodeId): Address
  /** Returns the address at which one node dials another. */
  peerAddress(from: NodeId, to: NodeId, port: string): Address
  /**
   * Returns the address of an announced port. All endpoints dial this same address. The proxy finds out which endpoint
   * dialled (see `dialler`).
   */
  announcedAddress(node: NodeId, port: string): Address
  /** Sets where a node listens; undefined while it is down, because another process may reuse its ports. */
  moved(node: NodeId, listening: Listening | undefined): void
  /**
   * Returns the messages between nodes, from the traffic on their links. `zeroMs` is the start of the run by
   * `performance.now()`.
   */
  recall(recollection: Omit<Recollection, 'startedAt'> & { readonly zeroMs: number }): Heard
  hasTraffic(links: readonly Link[]): boolean
  /** Opens another link, and applies the faults in force to it. */
  addLink(link: PeerLink): Promise<void>
  close(): Promise<void>
}

export interface Listening {
  readonly [port: string]: Address
}

export interface ClusterNetworkOptions {
  readonly nodes: readonly NodeId[]
  readonly seed: number
  /** Whether to keep the traffic between nodes for `recall`; by default true. */
  readonly recalls?: boolean | undefined
  readonly clients: {
    readonly port: string
    /** The protocol between clients and nodes, if the proxy can parse it. */
    readonly carries: Carriage | undefined
    /** The host on which the proxy listens for clients; by default 127.0.0.1. */
    readonly host?: string | undefined
    readonly recorder?: Recorder | undefined
  }
  readonly links: readonly PeerLink[]
  readonly announced?:
    | {
        readonly ports: readonly string[]
        readonly dialler: PeerFinder
        /** The numbers of each node's announced ports; by default any free ports. */
        readonly numbers?: { readonly [node: NodeId]: { readonly [port: string]: number } } | undefined
      }
    | undefined
}

interface LinkPort {
  readonly from: NodeId | 'clients'
  readonly to: NodeId
  readonly port: string
}

export interface PeerLink extends LinkPort {
  readonly from: NodeId
  readonly framing?: Framing | undefined
  /** The address at which the proxy listens; by default any free port of 127.0.0.1. */
  readonly listen?: Address | undefined
  /** The node's address, if known before the node reports it. */
  readonly upstream?: Address | undefined
  /** The address from which the proxy dials; by default any. */
  readonly source?: string | undefined
}

interface OpenRoute extends LinkPort {
  readonly announced: boolean
  /** Whether the upstream was known at the start, and so never changes. */
  readonly fixed: boolean
  readonly route: Route
}

/** @throws UserError (environment) if the proxy cannot listen. */
export async function openClusterNetwork(options: ClusterNetworkOptions): Promise<ClusterNetwork> {
  const { nodes, seed, clients, links, announced, recalls = true } = options
  const isTaped = ({ from, to }: Link): boolean => recalls && from !== 'clients' && to !== 'clients'
  const network = createNetwork({ seed, isTaped })
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

  const opening: Promise<OpenRoute>[] = []
  for (const to of nodes) {
    const link = { from: 'clients', to, port: clients.port } as const
    const reading = clientIntercept(to, { clients, requests, messages })
    opening.push(reading.then((intercept) => open(link, { intercept, ...listenAt(clients.host) })))
    for (const port of announced?.ports ?? [])
      opening.push(
        open(
          { from: 'clients', to, port },
          { peers: announced?.dialler, ...numbered(announced?.numbers?.[to]?.[port]) },
        ),
      )
  }
  function openLink(link: PeerLink): Promise<OpenRoute> {
    const { from, to, framing, listen, upstream, source } = link
    const intercept = framing === undefined ? undefined : messages.intercept({ from, to, framing })
    return open(link, { intercept, listen, upstream, source })
  }
  opening.push(...links.map(openLink))
  const routes = await Promise.all(opening).catch(async (error: unknown) => {
    await network.close()
    throw error
  })

  function addressOf(link: LinkPort, isAnnounced = false): Address {
    const found = routes.find(
      ({ from, to, port, ...found }) =>
        from === link.from && to === link.to && port === link.port && found.announced === isAnnounced,
    )
    if (found === undefined) throw new Error(`no route leads from ${link.from} to ${link.to}'s port ${link.port}`)
    return { host: found.route.host, port: found.route.port }
  }

  return {
    apply: (fault) => network.apply(fault),
    applyToRequests: (fault) => requests.apply(fault),
    applyToMessages: (fault) => messages.apply(fault),
    framesClients: clients.carries?.kind === 'spoken' || clients.carries?.kind === 'messages',
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
    recall: (recollection) =>
      heardOf({
        ...{ ...recollection, nodes, passages: network.passages() },
        carriesAll: ({ from, to }) =>
          routes.some((open) => open.to === to && (open.announced ? isKnown(open) : open.from === from)),
      }),
    hasTraffic: (links) => isAnyUsed(links, network.statistics(), routes),
    async addLink(link) {
      routes.push(await openLink(link))
    },
    close: () => network.close(),
  }
}

const isAnyUsed = (
  links: readonly Link[],
  statistics: ReturnType<Network['statistics']>,
  routes: readonly OpenRoute[],
): boolean =>
  links.some((link) => {
    const { bytes = 0, connections = 0, hits = 0 } = statistics.get(linkName(link)) ?? {}
    const mayHide = routes.some((open) => open.to === link.to && open.announced && !isKnown(open))
    return mayHide || bytes + connections + hits > 0
  })

/**
 * Returns whether the proxy has identified the sender of every connection of a route. The traffic of an unidentified
 * connection is not recorded for its link.
 */
const isKnown = ({ route }: OpenRoute): boolean => route.identification.unknown === 0

const listenAt = (host: string | undefined): Pick<RouteOptions, 'listen'> =>
  host === undefined ? {} : { listen: { host } }

const numbered = (port: number | undefined): Pick<RouteOptions, 'listen'> =>
  port === undefined ? {} : { listen: { host: '127.0.0.1', port } }

interface ClientParts extends Pick<ClusterNetworkOptions, 'clients'> {
  readonly requests: HttpFaults
  readonly messages: MessageFaults
}

async function clientIntercept(
  to: NodeId,
  { clients: { carries, recorder }, requests, messages }: ClientParts,
): Promise<Intercept | undefined> {
  const link = { from: 'clients', to }
  switch (carries?.kind) {
    case undefined:
      return undefined
    case 'http':
      return requests.intercept({ ...link, table: carries.table })
    case 'spoken': {
      const framed = messages.intercept({ ...link, framing: carries.protocol.framing })
      if (recorder === undefined) return framed
      return chain(recordConversations(await carries.record({ recorder, node: to }), recorder), framed)
    }
    case 'messages':
      return messages.intercept({ ...link, framing: carries.framing })
    case 'http2':
      throw inputError('clients of a cluster cannot speak HTTP/2 yet. Use HTTP/1.1')
  }
}

/** Returns a link for each port and each ordered pair of nodes. */
export const linksAmong = (
  nodes: readonly NodeId[],
  ports: readonly { readonly name: string; readonly framing?: Framing | undefined }[],
): PeerLink[] =>
  nodes.flatMap((from) =>
    nodes
      .filter((to) => to !== from)
      .flatMap((to) => ports.map(({ name, framing }): PeerLink => ({ from, to, port: name, framing }))),
  )
