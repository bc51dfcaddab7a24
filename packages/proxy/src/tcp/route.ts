import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Endpoint } from '@chaosproxy/faults'
import type { ProxyClock } from '../clock.ts'
import type { Intercept } from '../interceptor.ts'
import type { LinkState } from '../link-state.ts'
import { type Identification, ownAddress, type PeerFinder } from '../peer/peers.ts'
import type { SecureEdges } from '../tls/secure-edges.ts'
import type { TlsOptions } from '../tls/tls-options.ts'
import type { Upstream } from './connection.ts'
import { Connection } from './connection.ts'
import { hostAndPort } from './host-and-port.ts'
import { listenError, validatePort } from './listen.ts'
import { peerOf } from './peer-of.ts'
import { resetSocket } from './reset-socket.ts'
import type { Trouble, TroubleReporter } from './trouble.ts'

export interface RouteOptions {
  /** Who dials here. */
  readonly from: Endpoint
  /** Whom it reaches. */
  readonly to: Endpoint
  /** Absent where the server does not run yet: connections are then refused (accepted, and reset) until it is set. */
  readonly upstream?: Upstream | undefined
  /** Where to listen. By default any free port of 127.0.0.1. */
  readonly listen?: { readonly host?: string | undefined; readonly port?: number | undefined } | undefined
  /** Made for each connection, and reads, changes or answers what it carries; the links' faults act behind it. */
  readonly intercept?: Intercept | undefined
  /**
   * Who dials, where it is not always `from`: asked of each client before anything of it is read. It decides whose links
   * a connection is, and so which faults of links it suffers; interceptors take everyone for `from`.
   */
  readonly peers?: PeerFinder | undefined
  /** Finds the process that dials, for interceptors that tell clients apart by it: asked before anything is read. */
  readonly processes?: PeerFinder | undefined
  /** Without it, TLS is passed through like any bytes. */
  readonly tls?: TlsOptions | undefined
}

/** A listener that `from` dials to reach `to`. Bytes from→to and to→from are two links, each with its own faults. */
export interface Route {
  readonly from: Endpoint
  readonly to: Endpoint
  readonly host: string
  readonly port: number
  /** Connections alive now, accepted and not yet answered ones included. */
  readonly liveConnections: number
  /** What clients have to trust, in PEM, where the proxy ends their TLS with a certificate that was made for it. */
  readonly authority: string | undefined
  /** How it is known who dials, and how often it was. */
  readonly identification: Identification
  /** Clients and servers with whom no TLS handshake came about. */
  readonly failedHandshakes: number
  /** For connections dialled from now on; those that are alive stay where they are. */
  setUpstream(upstream: Upstream | undefined): void
  /** Stops listening and resets what is connected; resolves once the port is free. */
  close(): Promise<void>
}

/** Both directions between two endpoints. */
export interface LinkPair {
  readonly forward: LinkState
  readonly backward: LinkState
}

export interface RouteWiring extends LinkPair {
  /** Where somebody else than the route's `from` dials. */
  readonly linksFrom: (from: Endpoint) => LinkPair
  readonly clock: ProxyClock
  readonly nextConnectionId: () => number
  readonly troubled: TroubleReporter['note']
  readonly closed: () => void
}

/** As many as may wait to be accepted; the system caps it further. */
const BACKLOG = 4096

/** Only where there is TLS: loading Node's takes as long as starting half of everything else. */
const loadSecureEdges = async (tls: TlsOptions, routeName: string): Promise<SecureEdges> =>
  (await import('../tls/secure-edges.ts')).secureEdges(tls, routeName)

/** @throws UserError (environment) where it cannot listen, (usage) for a port that cannot be. */
export async function openRoute(options: RouteOptions, wiring: RouteWiring): Promise<Route> {
  const { from, to } = options
  const routeName = `${from}>${to}`
  const connections: Set<Connection> = new Set()
  const edges = options.tls === undefined ? undefined : await loadSecureEdges(options.tls, routeName)
  const { peers, processes } = options
  /** What ends the clients of whom it is not known yet who they are. */
  const unidentified: Set<() => void> = new Set()
  let known = 0
  let unknown = 0
  let upstream = options.upstream
  let allGone: (() => void) | undefined
  let closing: Promise<void> | undefined
  if (upstream !== undefined) validatePort(routeName, 'upstream', upstream.port)
  validatePort(routeName, 'listening', options.listen?.port ?? 0)

  function accept(client: Socket): void {
    if (allGone !== undefined) {
      resetSocket(client)
      return
    }
    if (peers === undefined && processes === undefined) secure(client, wiring, undefined)
    else void identify(client)
  }

  async function identify(client: Socket): Promise<void> {
    const giveUp = () => resetSocket(client)
    unidentified.add(giveUp)
    // Nobody else listens yet, and a client may give up at any time.
    client.on('error', () => undefined)
    const address = peerOf(client)
    const listener = { host: client.localAddress ?? '', port: client.localPort ?? 0 }
    const [found, process] = await Promise.all([peers?.find(address, listener), processes?.find(address, listener)])
    unidentified.delete(giveUp)
    if (peers !== undefined && found === undefined) unknown++
    else if (peers !== undefined) known++
    if (client.destroyed) return
    secure(client, found === undefined || found === to ? wiring : wiring.linksFrom(found), process)
  }

  function secure(client: Socket, links: LinkPair, process: string | undefined): void {
    if (edges === undefined) connect(client, links, process)
    else edges.accept(client, (secured) => connect(secured, links, process))
  }

  function connect(client: Socket, { forward, backward }: LinkPair, peerProcess: string | undefined): void {
    if (allGone !== undefined) {
      resetSocket(client)
      return
    }
    const connection = new Connection({
      client,
      forward,
      backward,
      clock: wiring.clock,
      id: wiring.nextConnectionId(),
      peerProcess,
      intercept: options.intercept,
      upstream: () => upstream,
      dialSecurely: edges?.dial,
      dialFailed(target, error) {
        forward.failedDials++
        troubled('dial-failed', target, error)
      },
      closed: (ended) => {
        connections.delete(ended)
        if (connections.size === 0) allGone?.()
      },
    })
    connections.add(connection)
  }

  function troubled(type: Trouble['type'], at: Upstream, error: NodeJS.ErrnoException): void {
    wiring.troubled({ type, link: routeName, address: hostAndPort(at) }, error)
  }

  async function close(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      allGone = resolve
    })
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    if (connections.size === 0) allGone?.()
    edges?.close()
    for (const giveUp of unidentified) giveUp()
    for (const connection of connections) connection.abort()
    await Promise.all([gone, closed])
    wiring.closed()
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
  const { host, port } = await listen(server, routeName, options.listen?.host ?? '127.0.0.1', options.listen?.port ?? 0)
  // A failed accept (out of descriptors, or the client gave up in the queue) concerns one client; the rest go on.
  server.on('error', (error) => {
    wiring.forward.failedAccepts++
    troubled('accept-failed', { host, port }, error)
  })

  return {
    from,
    to,
    host,
    port,
    authority: edges?.authority,
    get identification() {
      return peers === undefined ? ownAddress : { by: peers.by, known, unknown }
    },
    get failedHandshakes() {
      return edges?.failures ?? 0
    },
    get liveConnections() {
      return connections.size
    },
    setUpstream(next) {
      if (next !== undefined) validatePort(routeName, 'upstream', next.port)
      upstream = next
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}

function listen(server: Server, routeName: string, host: string, port: number): Promise<Upstream> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(listenError(error, routeName, host, port))
    server.once('error', failed)
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', failed)
      const address = server.address()
      if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address and a port')
      resolve({ host: address.address, port: address.port })
    })
  })
}
