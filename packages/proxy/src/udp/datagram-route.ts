import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Endpoint } from '@chaosproxy/faults'
import { listenError, validatePort } from '../socket/listen.ts'
import type { Upstream } from '../tcp/connection.ts'
import type { Allowance } from './datagram-flow.ts'
import { DatagramSession } from './datagram-session.ts'
import type { DatagramWiring } from './datagram-wiring.ts'

export interface DatagramRouteOptions {
  readonly from: Endpoint
  readonly to: Endpoint
  readonly upstream: Upstream
  readonly listen?: { readonly host?: string | undefined; readonly port?: number | undefined } | undefined
  /** A session ends after this time without a datagram, by default a minute. */
  readonly idleMs?: number | undefined
  /**
   * Maximum number of sessions, by default 1,024. Each session uses a socket; the least recently used session is
   * closed.
   */
  readonly maxSessions?: number | undefined
  /** Maximum memory for delayed datagrams, by default 16 MiB. Datagrams that exceed it are lost. */
  readonly maxWaitingBytes?: number | undefined
}

/** A UDP port to which `from` sends in order to reach `to`. Replies are sent to the sender's address. */
export interface DatagramRoute {
  readonly from: Endpoint
  readonly to: Endpoint
  readonly host: string
  readonly port: number
  readonly liveSessions: number
  close(): Promise<void>
}

const IDLE_MS = 60_000
const MAX_SESSIONS = 1024
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/** @throws UserError (environment) if it cannot listen, (usage) for an invalid port. */
export async function openDatagramRoute(options: DatagramRouteOptions, wiring: DatagramWiring): Promise<DatagramRoute> {
  const { from, to, upstream, idleMs = IDLE_MS, maxSessions = MAX_SESSIONS } = options
  const routeName = `${from}>${to}`
  validatePort(routeName, 'upstream', upstream.port)
  validatePort(routeName, 'listening', options.listen?.port ?? 0)
  const allowance: Allowance = { freeBytes: options.maxWaitingBytes ?? MAX_WAITING_BYTES }
  /** Sessions by the client's address, least recently used first. */
  const sessions: Map<string, DatagramSession> = new Map()
  const { clock } = wiring
  let cancelSweep: (() => void) | undefined
  let closing: Promise<void> | undefined

  function sessionOf({ address, port }: RemoteInfo): DatagramSession {
    const key = `${address} ${port}`
    const session = sessions.get(key) ?? openSession(key, address, port)
    sessions.delete(key)
    sessions.set(key, session)
    return session
  }

  function openSession(key: string, address: string, port: number): DatagramSession {
    const [oldest] = sessions.values()
    if (sessions.size >= maxSessions) oldest?.close()
    cancelSweep ??= clock.after(idleMs, sweep)
    return new DatagramSession({
      ...wiring,
      client: address,
      upstream,
      allowance,
      answer: (bytes) => socket.send(bytes, port, address, () => undefined),
      closed: () => sessions.delete(key),
    })
  }

  function sweep(): void {
    for (const session of [...sessions.values()]) if (clock.nowMs() - session.usedAtMs >= idleMs) session.close()
    const nextMs = Math.min(...[...sessions.values()].map((session) => session.usedAtMs + idleMs - clock.nowMs()))
    cancelSweep = sessions.size === 0 ? undefined : clock.after(nextMs, sweep)
  }

  const host = options.listen?.host ?? '127.0.0.1'
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4', (bytes, client) => sessionOf(client).receive(bytes))
  await bind(socket, routeName, host, options.listen?.port ?? 0)
  // As on a network, a datagram that a client refuses is lost.
  socket.on('error', () => undefined)
  const { address, port } = socket.address()

  async function close(): Promise<void> {
    cancelSweep?.()
    for (const session of [...sessions.values()]) session.close()
    socket.close()
    await once(socket, 'close')
    wiring.closed()
  }

  return {
    from,
    to,
    host: address,
    port,
    get liveSessions() {
      return sessions.size
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}

function bind(socket: Socket, routeName: string, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(listenError(error, routeName, host, port))
    socket.once('error', failed)
    socket.bind({ address: host, port }, () => {
      socket.off('error', failed)
      resolve()
    })
  })
}
