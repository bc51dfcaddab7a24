import type http from 'node:http'
import net from 'node:net'
import process from 'node:process'
import type { Endpoint } from '@chaosproxy/faults'
import { NotSimulated } from '../refusal.ts'
import { type Flushed, type Life, turn } from './life.ts'
import {
  type Answering,
  type AnswerMessage,
  hand,
  type PartMessage,
  type RequestMessage,
  takesMessages,
} from './messages.ts'
import type { Packet, Plug, Wire } from './network.ts'

interface Internals {
  connecting: boolean
  timeout: number
  server: SocketServer | null
  _server: SocketServer | null
  _peername: object
  _sockname: object
  _host: string | null
}

export interface SocketServer extends net.Server {
  _connections: number
  _emitCloseIfDrained(): void
}

type Callback = (error?: Error | null) => void

/** The options of Node's `connect`; a URL gives the port as a string. */
interface ConnectOptions {
  readonly port?: number | string | undefined
  readonly host?: string | null | undefined
  readonly path?: string | null | undefined
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Node sets these options for every socket. If the options passed to Node lacked them, V8 would create new hidden
 * classes for each socket.
 */
const SET_BY_NODE = { emitClose: false, autoDestroy: true, decodeStrings: false }

export class SimulatedSocket extends net.Socket implements Plug, Flushed, Answering {
  readonly life: Life
  #wire: Wire | undefined
  #written: Buffer[] = []
  /**
   * Returns the part of the answer that the program wrote since the last `flush`. Undefined if the program wrote
   * nothing, or if the request arrived as bytes and not as a `RequestMessage`.
   */
  #answer: (() => AnswerMessage | PartMessage | undefined) | undefined
  /** Whether the client of the connection sends whole requests. */
  #takesMessages = false
  /** Whether a listener threw while it received a request. Node's parser then reads nothing more. */
  #isSpoilt = false
  #ending = false
  #ended = false
  /** The wire of a closed socket. Data that still arrives is answered with a reset. */
  #gone: Wire | undefined
  #dialedFor: string | undefined
  #waiting: (() => void)[] = []
  #timeoutMs = 0
  #activeAt = 0
  #cancelTimeout: (() => void) | undefined
  #parser: unknown
  /** The client's request for which the data in `#written` was written. */
  #writtenFor: string | undefined
  /** The client's request that arrived last. */
  serves: string | undefined

  constructor(options: net.SocketConstructorOpts & { readonly life?: Life } = {}) {
    const { allowHalfOpen, signal } = options
    super({ allowHalfOpen: allowHalfOpen === true, ...SET_BY_NODE, ...(signal ? { signal } : {}) })
    const life = options.life ?? turn.life
    if (life === undefined) throw new Error('a simulated socket was created while no program was running')
    this.life = life
    life.uses++
    life.sockets.add(this)
  }

  static accepted(
    life: Life,
    server: SocketServer,
    wire: Wire,
    ends: { readonly from: Endpoint; readonly port: number; readonly own: number },
  ): SimulatedSocket {
    const socket = new SimulatedSocket({
      life,
      allowHalfOpen: (server as { allowHalfOpen?: boolean }).allowHalfOpen ?? false,
    })
    socket.#wire = wire
    const own = internals(socket)
    own.server = server
    own._server = server
    own._peername = addressOf(ends.from, ends.port)
    own._sockname = addressOf(life.id, ends.own)
    server._connections++
    return socket
  }

  override connect(...args: unknown[]): this {
    const { options, callback } = connectArguments(args)
    const own = internals(this)
    own.connecting = true
    if (callback !== undefined) this.once('connect', callback)
    const host = options.host ?? 'localhost'
    const port = Number(options.port)
    if (options.timeout !== undefined) this.setTimeout(options.timeout)
    own._host = host
    const { life } = this
    const target = life.hosts.find(host, life.id)
    if (options.path != null || target === undefined) {
      const error = options.path == null ? life.hosts.unknown(host) : life.hosts.refusePath(String(options.path))
      life.after(0, () => this.destroy(error))
      return this
    }
    const refusal = target === life.id && !life.servers.has(port) ? life.hosts.refusePort(port) : undefined
    if (refusal !== undefined) {
      life.after(0, () => this.destroy(refusal))
      return this
    }
    own._peername = addressOf(target, port)
    this.#dialedFor = life.world.requests?.current()
    this.#wire = life.network.dial(life.id, target, port, this)
    own._sockname = addressOf(life.id, 50_000)
    return this
  }

  arrive(packet: Packet): void {
    const { life } = this
    if (!life.alive) return
    life.world.deliver(life, () => this.#take(packet))
  }

  #take(packet: Packet): void {
    if (this.destroyed) {
      if (packet.type === 'data' || packet.type === 'message') this.#gone?.send({ type: 'reset' })
      return
    }
    this._unrefTimer()
    switch (packet.type) {
      case 'opened':
        internals(this).connecting = false
        this.emit('connect')
        this.emit('ready')
        for (const each of this.#waiting.splice(0)) each()
        break
      case 'refused':
        this.destroy(socketError('connect', 'ECONNREFUSED', internals(this)._peername))
        break
      case 'data':
        this.serves = packet.request
        this.life.world.requests?.arrives(packet.hears)
        this.#read(packet.bytes, packet.request)
        break
      case 'message': {
        const { server } = internals(this)
        this.serves = packet.request
        this.#takesMessages = true
        if (server !== null && takesMessages(server) && packet.message.type === 'request')
          this.#hand(server, packet.message)
        break
      }
      case 'end':
        this.push(null)
        // Reads once more after the end, as Node's own sockets do. Otherwise, a socket without a data listener would
        // not emit "end".
        this.read(0)
        break
      case 'reset':
        this.#wire = undefined
        this.destroy(socketError('read', 'ECONNRESET'))
        break
      case 'open':
        break
    }
  }

  /** Handles bytes that arrive. Listeners run on behalf of the request that the bytes belong to. */
  #read(bytes: Buffer, request: string | undefined): void {
    const { requests } = this.life.world
    if (requests === undefined || request === undefined) this.push(bytes)
    else requests.serve(request, () => void this.push(bytes))
  }

  override _read(): void {}

  override _write(chunk: Buffer | string, encoding: BufferEncoding, callback: Callback): void {
    this.#queue([typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk], callback)
  }

  override _writev(chunks: { chunk: Buffer | string; encoding: BufferEncoding }[], callback: Callback): void {
    this.#queue(
      chunks.map(({ chunk, encoding }) => (typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)),
      callback,
    )
  }

  #queue(
    chunks: readonly Buffer[],
    callback: Callback,
    request: string | undefined = this.life.world.requests?.current(),
  ): void {
    if (internals(this).connecting) {
      this.#waiting.push(() => this.#queue(chunks, callback, request))
      return
    }
    if (this.#takesMessages)
      throw new NotSimulated(
        'writing to the connection of a request',
        "writes bytes, but http: 'messages' sends only objects",
        "Use http: 'bytes'.",
      )
    this.#writtenFor = request
    if (this.#wire === undefined) {
      callback(socketError('write', 'EPIPE'))
      return
    }
    this._unrefTimer()
    if (this.#written.length === 0 && !this.#ending) this.life.wrote(this)
    // The chunks are copied, because the program may reuse their memory.
    for (const chunk of chunks) this.#written.push(Buffer.from(chunk))
    callback()
  }

  #hand(server: http.Server, request: RequestMessage): void {
    if (this.#isSpoilt) {
      const head = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'
      this.answers(() => ({ type: 'answer', head, body: Buffer.alloc(0) }))
      this.destroy()
      return
    }
    this.#isSpoilt = true
    hand(server, this, request)
    this.#isSpoilt = false
  }

  /** Registers the answer to be sent at the end of this turn. */
  answers(take: () => AnswerMessage | PartMessage | undefined): void {
    this._unrefTimer()
    if (this.#answer === undefined) this.life.wrote(this)
    this.#writtenFor = this.life.world.requests?.current()
    this.#answer = take
  }

  override _final(callback: Callback): void {
    if (internals(this).connecting) {
      this.#waiting.push(() => this._final(callback))
      return
    }
    if (this.#written.length === 0 && !this.#ending) this.life.wrote(this)
    this.#ending = true
    callback()
  }

  /** Sends in one packet everything that was written during the turn. */
  flush(): void {
    const wire = this.#wire
    const written = this.#written
    this.#written = []
    if (wire !== undefined && written.length > 0) {
      const [only] = written
      this.life.sent(wire.link.to)
      const bytes = written.length === 1 && only !== undefined ? only : Buffer.concat(written)
      wire.send({ type: 'data', bytes, request: this.#writtenFor, dialedFor: this.#dialedFor })
    }
    const answer = this.#answer
    this.#answer = undefined
    const message = answer?.()
    if (wire !== undefined && message !== undefined) {
      this.life.sent(wire.link.to)
      wire.send({ type: 'message', message, request: this.#writtenFor })
    }
    if (this.#ending) {
      this.#ending = false
      this.#ended = true
      wire?.send({ type: 'end' })
    }
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const own = internals(this)
    this.#cancelTimeout?.()
    const wire = this.#wire
    this.flush()
    if (wire !== undefined && !this.#ended) wire.send({ type: own.connecting ? 'reset' : 'end' })
    this.#gone = wire
    this.#wire = undefined
    own.connecting = false
    this.life.sockets.delete(this)
    callback(error)
    const { _server: server } = own
    if (server !== null && server !== undefined) {
      own._server = null
      server._connections--
      server._emitCloseIfDrained()
    }
    // A socket of Node emits "close" by itself, but this class must emit it here.
    process.nextTick(() => this.emit('close', error !== null && error !== undefined))
  }

  /** Resets the connection, as the kernel does when a program ends. */
  forget(): void {
    const wire = this.#wire
    this.#wire = undefined
    this.#cancelTimeout?.()
    wire?.send({ type: 'reset' })
  }

  override setTimeout(timeoutMs: number, callback?: () => void): this {
    this.#timeoutMs = Number(timeoutMs)
    this.#cancelTimeout?.()
    this.#cancelTimeout = undefined
    internals(this).timeout = this.#timeoutMs
    if (callback !== undefined) {
      if (this.#timeoutMs === 0) this.removeListener('timeout', callback)
      else this.once('timeout', callback)
    }
    this._unrefTimer()
    return this
  }

  _unrefTimer(): void {
    if (this.#timeoutMs <= 0 || this.destroyed) return
    this.#activeAt = this.life.world.queue.now
    if (this.#cancelTimeout === undefined) this.#expect(this.#timeoutMs)
  }

  /** Schedules one event that checks whether the socket was idle. If not, the check is scheduled again. */
  #expect(idleMs: number): void {
    const { life } = this
    this.#cancelTimeout = life.after(idleMs, () => {
      const idle = ((life.world.queue.now - this.#activeAt) / 1e6) * life.clock.rate
      // Virtual times are rounded to nanoseconds, so a small error is allowed.
      if (idle + 1e-5 < this.#timeoutMs) {
        this.#expect(this.#timeoutMs - idle)
        return
      }
      this.#cancelTimeout = undefined
      this.emit('timeout')
    })
  }

  override resetAndDestroy(): this {
    this.#wire?.send({ type: 'reset' })
    this.#wire = undefined
    return this.destroy(socketError('reset', 'ECONNRESET'))
  }

  /** Node's HTTP module sets its native parser here. The parser is freed only when its references are removed. */
  get parser(): unknown {
    return this.#parser
  }

  set parser(parser: unknown) {
    this.#parser = parser
    if (parser !== null && parser !== undefined) this.life.world.parsers.add(parser)
  }
}

const internals = (socket: net.Socket): Internals => socket as unknown as Internals

const addressOf = (host: Endpoint, port: number): object => ({ address: host, family: 'IPv4', port })

export function socketError(syscall: string, code: string, address: object = {}): NodeJS.ErrnoException {
  const { address: host, port } = address as { address?: string; port?: number }
  const where = host === undefined ? '' : ` ${host}:${port}`
  // Omits the stack, which would be the simulator's own and differ between machines.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const error: NodeJS.ErrnoException = new Error(`${syscall} ${code}${where}`)
  Error.stackTraceLimit = stackTraceLimit
  return Object.assign(error, { code, syscall, ...(host === undefined ? {} : { address: host, port }) })
}

function connectArguments(args: readonly unknown[]): {
  readonly options: ConnectOptions
  readonly callback: (() => void) | undefined
} {
  if (Array.isArray(args[0])) return connectArguments(args[0])
  const last = args.at(-1)
  const callback = typeof last === 'function' ? (last as () => void) : undefined
  const [first, second] = args
  if (typeof first === 'object' && first !== null) return { options: first, callback }
  const host = typeof second === 'string' ? second : undefined
  const isPort = typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first))
  return { options: isPort ? { port: Number(first), host } : { path: String(first) }, callback }
}
