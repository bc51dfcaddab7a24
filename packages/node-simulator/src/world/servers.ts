import http from 'node:http'
import net from 'node:net'
import process from 'node:process'
import { NotSimulated } from '../refusal.ts'
import { type Life, turn } from './life.ts'
import { patchAnswers, takesMessages } from './messages.ts'
import type { Host } from './network.ts'
import { SimulatedSocket, type SocketServer, socketError } from './socket.ts'

interface OpenServer extends SocketServer {
  _handle: object | null
  [OPEN]?: Set<SimulatedSocket>
}

const OPEN = Symbol('open connections')
const FIRST_FREE_PORT = 49_152

/** Returns the host of a node. The host accepts a connection if the node's program listens on the port. */
export const hostOf = (lifeNow: () => Life | undefined): Host => ({
  accept(port, from, remotePort, back, messages) {
    const life = lifeNow()
    const server = life?.servers.get(port) as OpenServer | undefined
    if (life === undefined || server === undefined) return undefined
    if (messages && !takesMessages(server)) return 'bytes only'
    const socket = SimulatedSocket.accepted(life, server, back, { from, port: remotePort, own: port })
    server[OPEN] ??= new Set()
    const open = server[OPEN]
    open.add(socket)
    life.world.deliver(life, () => {
      socket.once('close', () => open.delete(socket))
      server.emit('connection', socket)
    })
    return socket
  },
})

/** `server.listen` of a simulated program. A server listens only on its own node. */
function listen(life: Life, server: net.Server, args: readonly unknown[]): net.Server {
  const { port: wanted, path, callback } = listenArguments(args)
  if (path !== undefined)
    throw new NotSimulated(
      `listening on ${path}`,
      'is a socket of the file system, which no other node can reach',
      'Listen on a port.',
    )
  const open = server as OpenServer
  if (open._handle !== null && open._handle !== undefined)
    throw Object.assign(new Error('Listen method has been called more than once without closing.'), {
      code: 'ERR_SERVER_ALREADY_LISTEN',
    })
  if (callback !== undefined) server.once('listening', callback)
  const port = wanted === 0 ? freePort(life) : wanted
  if (life.servers.has(port)) {
    const error = Object.assign(socketError('listen', 'EADDRINUSE', { address: '0.0.0.0', port }), { errno: -98 })
    process.nextTick(() => server.emit('error', error))
    return server
  }
  // Node's own listener is removed, because it would start an interval in real time.
  for (const each of server.listeners('listening'))
    if (each.name === 'setupConnectionsTracking') server.removeListener('listening', each as () => void)
  life.uses++
  life.servers.set(port, server)
  open._handle = {
    close(closed?: () => void) {
      life.servers.delete(port)
      closed?.()
    },
    ref() {},
    unref() {},
    getsockname(to: { address?: string; family?: string; port?: number }) {
      Object.assign(to, { address: '0.0.0.0', family: 'IPv4', port })
      return 0
    },
  }
  process.nextTick(() => {
    if (open._handle !== null) server.emit('listening')
  })
  return server
}

function freePort({ servers }: Life): number {
  let port = FIRST_FREE_PORT
  while (servers.has(port)) port++
  return port
}

function listenArguments(args: readonly unknown[]): {
  readonly port: number
  readonly path: string | undefined
  readonly callback: (() => void) | undefined
} {
  const last = args.at(-1)
  const callback = typeof last === 'function' ? (last as () => void) : undefined
  const [first] = args
  if (typeof first === 'object' && first !== null) {
    const { port, path, signal } = first as { port?: number | string; path?: string; signal?: AbortSignal }
    if (signal !== undefined) throw new NotSimulated('listen with a signal', 'is not implemented yet', 'Call close().')
    return { port: Number(port ?? 0), path, callback }
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { port: 0, path: first, callback }
  return { port: typeof first === 'number' || typeof first === 'string' ? Number(first) : 0, path: undefined, callback }
}

let written = { second: Number.NaN, text: '' }

/** Returns the text for a `Date` header. Answers of the same second share it. */
function dateText(wallMs: number): string {
  const second = Math.floor(wallMs / 1e3)
  if (written.second !== second) written = { second, text: new Date(wallMs).toUTCString() }
  return written.text
}

interface Outgoing {
  sendDate: boolean
  hasHeader(name: string): boolean
}

/** Replaces Node's network by the simulated one, until the returned function is called. */
export function patchNetwork(): () => void {
  const { listen: realListen } = net.Server.prototype
  const outgoing = http.OutgoingMessage.prototype as unknown as {
    _storeHeader(this: Outgoing, first: string, headers: unknown): unknown
  }
  const { _storeHeader: storeHeader } = outgoing
  const agent = http.Agent.prototype as unknown as { createConnection(options: object, callback: unknown): net.Socket }
  const { createConnection } = agent
  const { closeIdleConnections, closeAllConnections } = http.Server.prototype
  net.Server.prototype.listen = function (this: net.Server, ...args: unknown[]) {
    return turn.life === undefined ? Reflect.apply(realListen, this, args) : listen(turn.life, this, args)
  } as typeof realListen
  outgoing._storeHeader = function (first, headers) {
    const { life } = turn
    if (life === undefined || !this.sendDate) return storeHeader.call(this, first, headers)
    // The date is added here. Otherwise Node would add the date of its own clock, and cache the text.
    this.sendDate = false
    const date = this.hasHeader('date') ? '' : `Date: ${dateText(life.wallMs())}\r\n`
    return storeHeader.call(this, first + date, headers)
  }
  const unpatchAnswers = patchAnswers()
  agent.createConnection = function (options, callback) {
    return turn.life === undefined
      ? createConnection.call(this, options, callback)
      : new SimulatedSocket().connect(options)
  }
  http.Server.prototype.closeIdleConnections = function (this: http.Server) {
    if (turn.life === undefined) return closeIdleConnections.call(this)
    for (const socket of (this as unknown as OpenServer)[OPEN] ?? []) if (isIdle(socket)) socket.destroy()
  }
  http.Server.prototype.closeAllConnections = function (this: http.Server) {
    if (turn.life === undefined) return closeAllConnections.call(this)
    for (const socket of (this as unknown as OpenServer)[OPEN] ?? []) socket.destroy()
  }
  return () => {
    unpatchAnswers()
    net.Server.prototype.listen = realListen
    outgoing._storeHeader = storeHeader
    agent.createConnection = createConnection
    http.Server.prototype.closeIdleConnections = closeIdleConnections
    http.Server.prototype.closeAllConnections = closeAllConnections
  }
}

function isIdle(socket: SimulatedSocket): boolean {
  const { _httpMessage: answering, parser } = socket as unknown as {
    _httpMessage?: object | null
    parser?: { incoming?: object | null } | null
  }
  return (answering ?? undefined) === undefined && (parser?.incoming ?? undefined) === undefined
}

/** Frees the native parsers of connections that are still open. Each would keep the whole run in memory. */
export function freeParsers(parsers: Iterable<unknown>): void {
  for (const each of parsers) {
    const parser = each as { [name: string]: unknown; socket?: unknown; close?(): void }
    const socket = parser.socket as { parser?: unknown } | null | undefined
    if (socket === null || socket === undefined) continue
    socket.parser = null
    for (const link of ['socket', 'incoming', 'outgoing', 'onIncoming']) parser[link] = null
    parser.close?.()
  }
}
