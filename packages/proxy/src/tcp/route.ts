import { createServer, type Server, type Socket } from 'node:net'
import { basename } from 'node:path'
import type { Duplex } from 'node:stream'
import type { Endpoint } from '@chaosproxy/faults'
import type { Encryption } from '@chaosproxy/wire'
import type { Intercept } from '../interceptor/interceptor.ts'
import type { ProxyClock } from '../link/clock.ts'
import type { LinkState } from '../link/link-state.ts'
import { type Identification, ownAddress, type PeerFinder } from '../peer/peers.ts'
import { hostAndPort } from '../socket/host-and-port.ts'
import { connectWithin } from '../socket/inner-socket.ts'
import { listenError, validatePort } from '../socket/listen.ts'
import { peerOf } from '../socket/peer-of.ts'
import { resetSocket } from '../socket/reset-socket.ts'
import { isPath, markUnix, placeOf, removeStale } from '../socket/unix-socket.ts'
import { negotiate } from '../tls/negotiation.ts'
import type { SecureEdges } from '../tls/secure-edges.ts'
import type { TlsOptions } from '../tls/tls-options.ts'
import { Connection, type Upstream } from './connection.ts'
import { descriptors } from './descriptors.ts'
import { MISREAD, type Trouble, type TroubleReporter } from './trouble.ts'

export interface RouteOptions {
  /** The endpoint that dials this route. */
  readonly from: Endpoint
  readonly to: Endpoint
  /**
   * The server's address; absent while the server is not running. Connections accepted while it is absent are reset.
   */
  readonly upstream?: Upstream | undefined
  /** The local address from which the upstream is dialled in plaintext. */
  readonly source?: string | undefined
  /** The listening address; by default a free port of 127.0.0.1. `nowhere` opens no port: only `dial` connects. */
  readonly listen?: { readonly host?: string | undefined; readonly port?: number | undefined } | 'nowhere' | undefined
  /** Creates the interceptor that reads, changes or answers each connection's traffic. */
  readonly intercept?: Intercept | undefined
  /**
   * Finds the endpoint that dialled a connection, if it is not always `from`. The found endpoint decides which links,
   * and so which faults, act on the connection. Interceptors are not told the found endpoint, and treat every client as
   * `from`.
   */
  readonly peers?: PeerFinder | undefined
  /** Finds the dialling process, for interceptors that distinguish clients by process. */
  readonly processes?: PeerFinder | undefined
  /** The TLS options. If absent, TLS is passed through like any other bytes. */
  readonly tls?: TlsOptions | undefined
  /** How clients request TLS, if the protocol begins in plaintext. A proxy without a certificate declines TLS. */
  readonly encryption?: Encryption | undefined
}

/** A listener that `from` dials to reach `to`. Each direction is a link with its own faults. */
export interface Route {
  readonly from: Endpoint
  readonly to: Endpoint
  readonly host: string
  readonly port: number
  /** The number of open connections, including those not yet connected to the upstream. */
  readonly liveConnections: number
  /** The certificate authority that clients must trust, in PEM, if the proxy generated the certificate. */
  readonly authority: string | undefined
  /** The way in which the route identifies the endpoints that dial it, and the counts of successes and failures. */
  readonly identification: Identification
  /** The number of failed TLS handshakes, with clients and with servers. */
  readonly failedHandshakes: number
  /** Connects a client of this process without a socket, in plaintext. */
  readonly dial: () => Duplex
  /** Sets the upstream of connections dialled later. Open connections keep their upstream. */
  setUpstream(upstream: Upstream | undefined): void
  /** Stops listening, and waits up to `longestMs` for requests in progress. */
  drain(longestMs: number): Promise<void>
  /** Stops listening and resets open connections; resolves once the port is free. */
  close(): Promise<void>
}

interface LinkPair {
  readonly forward: LinkState
  readonly backward: LinkState
}

export interface RouteWiring extends LinkPair {
  /** Returns the links for a connection from an endpoint other than the route's `from`. */
  readonly linksFrom: (from: Endpoint) => LinkPair
  readonly clock: ProxyClock
  readonly nextConnectionId: () => number
  readonly troubled: TroubleReporter['note']
  readonly closed: () => void
}

const DESCRIPTORS_OF_CLIENT = 2

interface Admitted {
  isCarried: boolean
  readonly giveBack: () => void
}

/** How often a draining route looks for idle connections. */
const DRAIN_CHECK_MS = 20

/** The most connections that wait to be accepted. The system may allow fewer. */
const BACKLOG = 4096

/** Loads the TLS code only for routes with TLS, because loading it takes half as long as loading all other code. */
const loadSecureEdges = async (
  tls: TlsOptions,
  routeName: string,
  encryption: Encryption | undefined,
): Promise<SecureEdges> => (await import('../tls/secure-edges.ts')).secureEdges(tls, routeName, encryption)

/** @throws UserError (environment) if it cannot listen, (usage) for an invalid port. */
export async function openRoute(options: RouteOptions, wiring: RouteWiring): Promise<Route> {
  const routeName = `${options.from}>${options.to}`
  const { tls, encryption } = options
  const edges = tls === undefined ? undefined : await loadSecureEdges(tls, routeName, encryption)
  if (options.upstream !== undefined) validatePort(routeName, 'upstream', options.upstream.port)
  if (options.listen !== 'nowhere') validatePort(routeName, 'listening', options.listen?.port ?? 0)
  const route = new TcpRoute({ options, wiring, edges, routeName })
  await route.listen()
  return route
}

interface TcpRouteOptions {
  readonly options: RouteOptions
  readonly wiring: RouteWiring
  readonly edges: SecureEdges | undefined
  readonly routeName: string
}

class TcpRoute implements Route {
  readonly from: Endpoint
  readonly to: Endpoint
  host = ''
  port = 0
  readonly #options: RouteOptions
  readonly #wiring: RouteWiring
  readonly #edges: SecureEdges | undefined
  readonly #name: string
  readonly #server: Server
  readonly #connections: Set<Connection> = new Set()
  /** Functions that each reset one client. These clients are still being identified, or may still request TLS. */
  readonly #arriving: Set<() => void> = new Set()
  #known = 0
  #unknown = 0
  #upstream: Upstream | undefined
  #allGone: (() => void) | undefined
  #closing: Promise<void> | undefined
  #giveBackListener: (() => void) | undefined
  readonly #misread: Set<string> = new Set()

  constructor({ options, wiring, edges, routeName }: TcpRouteOptions) {
    this.from = options.from
    this.to = options.to
    this.#options = options
    this.#wiring = wiring
    this.#edges = edges
    this.#name = routeName
    this.#upstream = options.upstream
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
      this.#accept(isPath(this.host) ? markUnix(client) : client),
    )
  }

  async listen(): Promise<void> {
    const { listen: place = {} } = this.#options
    if (place === 'nowhere') return
    const { host = '127.0.0.1', port = 0 } = place
    const at = await listen(this.#server, this.#name, host, port)
    this.host = at.host
    this.port = at.port
    // The operator asked for this listener, so it may use a reserved descriptor.
    this.#giveBackListener = descriptors.take(1)
    // A failed accept concerns only one client, for example a client that gave up in the queue.
    this.#server.on('error', (error) => this.#turnedAway(error))
  }

  get authority(): string | undefined {
    return this.#edges?.authority
  }

  get identification(): Identification {
    const { peers } = this.#options
    return peers === undefined ? ownAddress : { by: peers.by, known: this.#known, unknown: this.#unknown }
  }

  get failedHandshakes(): number {
    return this.#edges?.failures ?? 0
  }

  get liveConnections(): number {
    return this.#connections.size
  }

  setUpstream(next: Upstream | undefined): void {
    if (next !== undefined) validatePort(this.#name, 'upstream', next.port)
    this.#upstream = next
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async drain(longestMs: number): Promise<void> {
    const { clock } = this.#wiring
    const until = clock.nowMs() + longestMs
    if (this.#server.listening) this.#server.close()
    for (;;) {
      for (const connection of this.#connections) if (connection.isIdle) connection.close()
      const leftMs = until - clock.nowMs()
      if (this.#connections.size === 0 || leftMs <= 0) return
      await new Promise<void>((resolve) => clock.after(Math.min(leftMs, DRAIN_CHECK_MS), resolve))
    }
  }

  readonly dial = (): Duplex => {
    const { client, accepted } = connectWithin()
    this.#connect(accepted, this.#wiring, `${basename(process.execPath)} ${process.pid}`)
    return client
  }

  #accept(client: Socket): void {
    if (this.#allGone !== undefined) {
      resetSocket(client)
      return
    }
    const giveBack = descriptors.take(DESCRIPTORS_OF_CLIENT)
    if (giveBack === undefined) {
      this.#turnedAway(
        Object.assign(new Error('all remaining file descriptors are reserved for the control interface'), {
          code: 'EMFILE',
        }),
      )
      resetSocket(client)
      return
    }
    const admitted: Admitted = { isCarried: false, giveBack }
    client.once('close', () => {
      if (!admitted.isCarried) giveBack()
    })
    const { peers, processes } = this.#options
    if (peers === undefined && processes === undefined) this.#secure(client, this.#wiring, undefined, admitted)
    else void this.#identify(client, admitted)
  }

  async #identify(client: Socket, admitted: Admitted): Promise<void> {
    const { peers, processes } = this.#options
    const giveUp = () => resetSocket(client)
    this.#arriving.add(giveUp)
    // No other listener is attached yet.
    client.on('error', () => undefined)
    const address = peerOf(client)
    const listener = { host: client.localAddress ?? '', port: client.localPort ?? 0 }
    const [found, process] = await Promise.all([peers?.find(address, listener), processes?.find(address, listener)])
    this.#arriving.delete(giveUp)
    if (peers !== undefined && found === undefined) this.#unknown++
    else if (peers !== undefined) this.#known++
    if (client.destroyed) return
    const links = found === undefined || found === this.to ? this.#wiring : this.#wiring.linksFrom(found)
    this.#secure(client, links, process, admitted)
  }

  #secure(client: Socket, links: LinkPair, process: string | undefined, admitted: Admitted): void {
    const edges = this.#edges
    const plainly = (ready: Socket) => this.#connect(ready, links, process, admitted)
    const securely = edges === undefined ? plainly : (raw: Socket) => edges.accept(raw, this.#upstream, plainly)
    if (this.#options.encryption === undefined) securely(client)
    else this.#negotiate(client, this.#options.encryption, { plainly, securely })
  }

  #negotiate(
    client: Socket,
    encryption: Encryption,
    { plainly, securely }: { readonly [way in 'plainly' | 'securely']: (client: Socket) => void },
  ): void {
    const giveUp = () => resetSocket(client)
    this.#arriving.add(giveUp)
    const arrived = (way: typeof plainly) => (ready: Socket) => {
      this.#arriving.delete(giveUp)
      way(ready)
    }
    client.once('close', () => this.#arriving.delete(giveUp))
    negotiate(client, {
      encryption,
      plainly: arrived(plainly),
      securely: this.#options.tls?.terminate === undefined ? undefined : arrived(securely),
      insisted: () => this.#troubled('tls-missing', { host: this.host, port: this.port }, wantsTls()),
    })
  }

  /** Connects a client. `admitted` is absent if the client is inside this process and has no socket (see `dial`). */
  #connect(
    client: Socket,
    { forward, backward }: LinkPair,
    peerProcess: string | undefined,
    admitted?: Admitted,
  ): void {
    if (this.#allGone !== undefined) {
      resetSocket(client)
      return
    }
    if (admitted !== undefined) admitted.isCarried = true
    const connection = new Connection({
      client,
      forward,
      backward,
      clock: this.#wiring.clock,
      id: this.#wiring.nextConnectionId(),
      peerProcess,
      intercept: this.#options.intercept,
      upstream: () => this.#upstream,
      source: this.#options.source,
      dialSecurely: this.#edges?.dial,
      dialFailed: (target, error) => {
        forward.failedDials++
        this.#troubled('dial-failed', target, error)
      },
      misread: (what) => this.#noteMisread(what),
      interceptorFailed: (error) =>
        this.#troubled('reader-failed', { host: this.host, port: this.port }, asError(error)),
      closed: (ended) => {
        admitted?.giveBack()
        this.#connections.delete(ended)
        if (this.#connections.size === 0) this.#allGone?.()
      },
    })
    this.#connections.add(connection)
  }

  #noteMisread(what: keyof typeof MISREAD): void {
    if (this.#misread.has(what)) return
    this.#misread.add(what)
    const { code, why } = MISREAD[what]
    this.#troubled('misread', { host: this.host, port: this.port }, Object.assign(new Error(why), { code }))
  }

  #turnedAway(error: NodeJS.ErrnoException): void {
    this.#wiring.forward.failedAccepts++
    this.#troubled('accept-failed', { host: this.host, port: this.port }, error)
  }

  #troubled(type: Trouble['type'], at: Upstream, error: NodeJS.ErrnoException): void {
    this.#wiring.troubled({ type, link: this.#name, address: hostAndPort(at) }, error)
  }

  async #close(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      this.#allGone = resolve
    })
    const closed = new Promise<void>((resolve) => {
      // After draining, the server is already closed, and `close` reports this as an error.
      this.#server.close(() => resolve())
    })
    if (this.#connections.size === 0) this.#allGone?.()
    this.#edges?.close()
    for (const giveUp of this.#arriving) giveUp()
    for (const connection of this.#connections) connection.abort()
    await Promise.all([gone, closed])
    this.#giveBackListener?.()
    this.#wiring.closed()
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

const wantsTls = (): NodeJS.ErrnoException => Object.assign(new Error(), { code: 'TLS_MISSING' })

async function listen(server: Server, routeName: string, host: string, port: number): Promise<Upstream> {
  try {
    return await listenAt(server, host, port)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE' && isPath(host) && (await removeStale(host))) return listenAt(server, host, port)
    throw listenError(error as NodeJS.ErrnoException, routeName, host, port)
  }
}

function listenAt(server: Server, host: string, port: number): Promise<Upstream> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...placeOf({ host, port }), backlog: BACKLOG }, () => {
      server.off('error', reject)
      const address = server.address()
      if (address === null) throw new TypeError('the listening server has no address')
      resolve(typeof address === 'string' ? { host: address, port: 0 } : { host: address.address, port: address.port })
    })
  })
}
