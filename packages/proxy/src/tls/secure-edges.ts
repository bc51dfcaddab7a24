import { connect as connectPlainly, isIP, type Socket } from 'node:net'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { connect, createSecureContext, createServer, type Server, TLSSocket } from 'node:tls'
import { foundOrMade, inputError } from '@chaosproxy/history'
import type { Encryption } from '@chaosproxy/wire'
import { peerOf } from '../socket/peer-of.ts'
import { carriedOver } from '../socket/reset-socket.ts'
import { isPath, markUnix, placeOf } from '../socket/unix-socket.ts'
import { createAuthority } from './authority.ts'
import { RequestedTls } from './requested-tls.ts'
import { createSpokenProtocols } from './spoken-protocols.ts'
import type { OriginateOptions, TerminateOptions, TlsOptions } from './tls-options.ts'

/** The longest handshake. Without a limit, a peer that sends nothing would stay forever. */
const HANDSHAKE_TIMEOUT_MS = 10_000
const LOOPBACK_NAMES: readonly [string, ...string[]] = ['localhost', '127.0.0.1', '::1']

interface Target {
  readonly host: string
  readonly port: number
}

/** Wraps the two sockets of a connection in TLS. */
export interface SecureEdges {
  /** The certificate authority that clients must trust, in PEM, if the proxy generated the certificate. */
  readonly authority: string | undefined
  readonly failures: number
  /**
   * Takes a new client, and calls `ready` after its handshake. The proxy and the client may agree only on an ALPN
   * protocol that the server supports, so the proxy asks the server first.
   */
  accept(client: Socket, server: Target | undefined, ready: (client: Socket) => void): void
  /** Dials a server with TLS, if servers use TLS. The socket emits 'secureConnect' once it is writable. */
  readonly dial: ((target: Target, client: Socket) => Socket) | undefined
  close(): void
}

/**
 * @param encryption For a protocol whose connections begin in plaintext: how to change to TLS. Clients have already
 * requested TLS when `accept` is called.
 *
 * @throws UserError (input) for an invalid certificate or key, or a key that does not match its certificate.
 */
export function secureEdges(options: TlsOptions, routeName: string, encryption?: Encryption): SecureEdges {
  const handshakes: Set<Socket> = new Set()
  const dialling = options.originate === undefined ? undefined : serverDialler(options.originate, routeName, encryption)
  const accepting =
    options.terminate === undefined ? undefined : acceptor(withProtocol(options.terminate, encryption), routeName)
  let failures = 0
  const { alpn = [] } = options.terminate ?? {}
  const spoken =
    dialling && alpn.length > 1
      ? createSpokenProtocols({ protocols: alpn, offer: (target, protocol) => begun(dialling(target, [protocol])) })
      : undefined

  function begun({ raw, secured }: ReturnType<ServerDialler>): TLSSocket {
    handshakes.add(raw)
    const giveUp = setTimeout(() => raw.destroy(), HANDSHAKE_TIMEOUT_MS)
    raw.once('close', () => {
      clearTimeout(giveUp)
      handshakes.delete(raw)
    })
    secured.once('secureConnect', () => clearTimeout(giveUp))
    return secured
  }

  /** Tracks a raw socket until its handshake succeeds. Returns a function that stops the tracking. */
  function watch(raw: Socket, failed?: () => void): () => boolean {
    handshakes.add(raw)
    raw.once('close', () => {
      if (!handshakes.delete(raw)) return
      failures++
      failed?.()
    })
    return () => handshakes.delete(raw)
  }

  return {
    authority: accepting?.authority,
    get failures() {
      return failures
    },
    accept(client, server, ready) {
      if (accepting === undefined) {
        ready(client)
        return
      }
      const done = watch(client)
      const acceptFor = (protocols: readonly string[] | undefined): void =>
        accepting.accept(client, protocols, (secured) => {
          done()
          ready(secured)
        })
      if (spoken === undefined || server === undefined) {
        acceptFor(undefined)
        return
      }
      client.on('error', () => undefined)
      void spoken.of(server).then((protocols) => {
        if (!client.destroyed) acceptFor(protocols)
      })
    },
    dial:
      dialling === undefined
        ? undefined
        : (target, client) => {
            const agreed = client instanceof TLSSocket && client.alpnProtocol
            const handshake = dialling(target, typeof agreed === 'string' ? [agreed] : [])
            const done = watch(handshake.raw, () => spoken?.forget(target))
            return begun(handshake).once('secureConnect', done)
          },
    close() {
      for (const raw of handshakes) raw.destroy()
    },
  }
}

/** Adds the protocol to the ALPN options, because clients may require it. */
const withProtocol = (options: TerminateOptions, encryption: Encryption | undefined): TerminateOptions =>
  encryption === undefined ? options : { alpn: [encryption.protocol], ...options }

function acceptor(options: TerminateOptions, routeName: string) {
  const { clientAuthorities, alpn: preferred = [] } = options
  const authority = options.identity === undefined ? (options.authority ?? createAuthority()) : undefined
  const [first, ...rest] = options.names ?? LOOPBACK_NAMES
  const identity = options.identity ?? authority?.issue([first ?? 'localhost', ...rest])
  const given = { cert: identity?.certificate, key: identity?.key, ca: clientAuthorities }
  contextOf(given, `proxy route ${routeName}: tls.terminate`)
  const waiting: Map<string, (secured: Socket) => void> = new Map()
  const servers: Map<string, Server> = new Map()
  // Creates a server that does not listen: accepted sockets are passed to it. It rejects invalid certificates and slow
  // handshakes.
  const newServer = (alpn: readonly string[]): Server =>
    createServer({
      ...given,
      requestCert: clientAuthorities !== undefined,
      rejectUnauthorized: clientAuthorities !== undefined,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      // An empty list would make TLS refuse every client that offers a protocol.
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    })
      .on('secureConnection', (secured) => waiting.get(nameOf(secured))?.(secured))
      .on('tlsClientError', (_, secured) => secured.destroy())
  function serverFor(alpn: readonly string[]): Server {
    return foundOrMade(servers, alpn.join(), () => newServer(alpn))
  }
  return {
    authority: authority?.certificate,
    accept(raw: Socket, alpn: readonly string[] | undefined, ready: (secured: Socket) => void): void {
      // The TLS socket hides the raw socket, but both have the same address.
      const name = nameOf(raw)
      raw.once('close', () => waiting.delete(name))
      waiting.set(name, (secured) => {
        waiting.delete(name)
        carriedOver(secured, raw)
        ready(secured)
      })
      serverFor(alpn ?? preferred).emit('connection', raw)
    },
  }
}

/** Dials a server. Returns the raw connection, and the TLS socket on top of it. */
type ServerDialler = (
  target: Target,
  agreed?: readonly string[],
) => { readonly raw: Socket; readonly secured: TLSSocket }

function nameOf(socket: Socket): string {
  const { host, port } = peerOf(socket)
  return `${host} ${port}`
}

/** Returns a dialler that offers servers the protocol negotiated with the client. */
export function serverDialler(options: OriginateOptions, routeName: string, encryption?: Encryption): ServerDialler {
  const { identity, authorities, verify = true } = options
  const secureContext = contextOf(
    { cert: identity?.certificate, key: identity?.key, ca: authorities },
    `proxy route ${routeName}: tls.originate`,
  )
  return (target, agreed = []) => {
    const { serverName = isIP(target.host) === 0 && !isPath(target.host) ? target.host : undefined } = options
    // The server has to speak the protocol that the client agreed to.
    const alpn = agreed.length > 0 ? agreed : (options.alpn ?? [])
    const raw = connectPlainly({ ...placeOf(target), allowHalfOpen: true, noDelay: true })
    if (isPath(target.host)) markUnix(raw)
    const secured = connect({
      secureContext,
      rejectUnauthorized: verify,
      socket: encryption === undefined ? raw : new RequestedTls(raw, encryption),
      // Without a server name, the certificate is checked against the address.
      ...(serverName === undefined
        ? { host: isPath(target.host) ? 'localhost' : target.host }
        : { servername: serverName }),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    })
    carriedOver(secured, raw)
    // The connection listens only to the secured socket.
    raw.on('error', (error) => secured.destroy(error))
    return { raw, secured }
  }
}

function contextOf(given: SecureContextOptions, where: string): SecureContext {
  try {
    return createSecureContext(given)
  } catch (error) {
    const reason = (error as Error).message
    throw inputError(
      `${where}: a certificate or key cannot be used (${reason}). Give a certificate and the key that matches it, both in PEM.`,
    )
  }
}
