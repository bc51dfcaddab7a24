import type { Socket } from 'node:net'
import { connect as connectPlainly, isIP } from 'node:net'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { connect, createSecureContext, createServer, TLSSocket } from 'node:tls'
import { UserError } from '@chaosproxy/history'
import { peerOf } from '../tcp/peer-of.ts'
import { carriedOver } from '../tcp/reset-socket.ts'
import { createAuthority } from './authority.ts'
import type { OriginateOptions, TerminateOptions, TlsOptions } from './tls-options.ts'

/** Who takes longer is given up: whoever connects and says nothing would be kept for ever. */
const HANDSHAKE_TIMEOUT_MS = 10_000
const LOOPBACK_NAMES: readonly [string, ...string[]] = ['localhost', '127.0.0.1', '::1']

/** What TLS makes of the two sockets of a connection. */
export interface SecureEdges {
  /** What clients have to trust, in PEM, where the route's certificate was made for it. */
  readonly authority: string | undefined
  /** Clients and servers with whom no handshake came about. */
  readonly failures: number
  /** Takes a client that was just accepted; `ready` once its handshake is done. Where there is no TLS, at once. */
  accept(client: Socket, ready: (client: Socket) => void): void
  /** Undefined where servers are spoken to plainly. 'secureConnect' comes once there is something to write to. */
  readonly dial: ((target: { readonly host: string; readonly port: number }, client: Socket) => Socket) | undefined
  /** Ends every handshake that is under way. */
  close(): void
}

/** @throws UserError (input) for certificates and keys that are none, or do not belong together. */
export function secureEdges(options: TlsOptions, routeName: string): SecureEdges {
  const handshakes: Set<Socket> = new Set()
  const dialling = options.originate === undefined ? undefined : dialler(options.originate, routeName)
  const accepting = options.terminate === undefined ? undefined : acceptor(options.terminate, routeName)
  let failures = 0

  /** Counts the raw socket's handshake until it is done, or has failed. */
  function watch(raw: Socket): () => boolean {
    handshakes.add(raw)
    raw.once('close', () => {
      if (handshakes.delete(raw)) failures++
    })
    return () => handshakes.delete(raw)
  }

  return {
    authority: accepting?.authority,
    get failures() {
      return failures
    },
    accept(client, ready) {
      if (accepting === undefined) {
        ready(client)
        return
      }
      const done = watch(client)
      accepting.accept(client, (secured) => {
        done()
        ready(secured)
      })
    },
    dial:
      dialling === undefined
        ? undefined
        : (target, client) => {
            const { raw, secured } = dialling(target, client)
            const done = watch(raw)
            const giveUp = setTimeout(() => raw.destroy(), HANDSHAKE_TIMEOUT_MS)
            raw.once('close', () => clearTimeout(giveUp))
            secured.once('secureConnect', () => {
              clearTimeout(giveUp)
              done()
            })
            return secured
          },
    close() {
      for (const raw of handshakes) raw.destroy()
    },
  }
}

function acceptor(options: TerminateOptions, routeName: string) {
  const { clientAuthorities, alpn } = options
  const authority = options.identity === undefined ? (options.authority ?? createAuthority()) : undefined
  const [first, ...rest] = options.names ?? LOOPBACK_NAMES
  const identity = options.identity ?? authority?.issue([first ?? 'localhost', ...rest])
  const given = { cert: identity?.certificate, key: identity?.key, ca: clientAuthorities }
  contextOf(given, `proxy route ${routeName}: tls.terminate`)
  const waiting: Map<string, (secured: Socket) => void> = new Map()
  // It listens nowhere: connections are handed to it. It refuses bad certificates, and whoever takes too long.
  const server = createServer({
    ...given,
    requestCert: clientAuthorities !== undefined,
    rejectUnauthorized: clientAuthorities !== undefined,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  })
  server.on('secureConnection', (secured) => waiting.get(nameOf(secured))?.(secured))
  server.on('tlsClientError', (_, secured) => secured.destroy())
  return {
    authority: authority?.certificate,
    accept(raw: Socket, ready: (secured: Socket) => void): void {
      // By its address, the server's socket is known to be over this one.
      const name = nameOf(raw)
      raw.once('close', () => waiting.delete(name))
      waiting.set(name, (secured) => {
        waiting.delete(name)
        carriedOver(secured, raw)
        ready(secured)
      })
      server.emit('connection', raw)
    },
  }
}

function nameOf(socket: Socket): string {
  const { host, port } = peerOf(socket)
  return `${host} ${port}`
}

function dialler(options: OriginateOptions, routeName: string) {
  const { identity, authorities, verify = true } = options
  const secureContext = contextOf(
    { cert: identity?.certificate, key: identity?.key, ca: authorities },
    `proxy route ${routeName}: tls.originate`,
  )
  return (target: { readonly host: string; readonly port: number }, client: Socket) => {
    const agreed = client instanceof TLSSocket && typeof client.alpnProtocol === 'string' ? [client.alpnProtocol] : []
    const { serverName = isIP(target.host) === 0 ? target.host : undefined, alpn = agreed } = options
    const raw = connectPlainly({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true })
    const secured = connect({
      secureContext,
      rejectUnauthorized: verify,
      socket: raw,
      // Without a name, the certificate's is compared with the address.
      ...(serverName === undefined ? { host: target.host } : { servername: serverName }),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    })
    carriedOver(secured, raw)
    // The connection notices by what it reads and writes, which is the secured one.
    raw.on('error', (error) => secured.destroy(error))
    return { raw, secured }
  }
}

function contextOf(given: SecureContextOptions, where: string): SecureContext {
  try {
    return createSecureContext(given)
  } catch (error) {
    const reason = (error as Error).message
    throw new UserError(
      'input',
      `${where}: a certificate or key cannot be used (${reason}). Give PEM that belongs together.`,
    )
  }
}
