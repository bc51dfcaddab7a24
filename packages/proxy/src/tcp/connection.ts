import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { Placed } from '../delivery/plan.ts'
import { bounded } from '../interceptor/boundary.ts'
import type { Conversation, Exit, Intercept, Interceptor, Stage } from '../interceptor/interceptor.ts'
import { taped } from '../interceptor/taped-conversations.ts'
import type { ProxyClock } from '../link/clock.ts'
import type { LinkState } from '../link/link-state.ts'
import { hasSentAll, readDirectly } from '../socket/direct-io.ts'
import { goOnTo } from '../socket/inner-socket.ts'
import { peerOf } from '../socket/peer-of.ts'
import { resetSocket } from '../socket/reset-socket.ts'
import { isPath, isUnix, markUnix } from '../socket/unix-socket.ts'
import { Pump, type PumpedConnection } from './pump.ts'
import { ReadBuffer } from './read-buffer.ts'
import { endTurn, LONGEST_GATHERED_BYTES, type Receive, receiveInTurn } from './turn.ts'

export interface Upstream {
  readonly host: string
  readonly port: number
}

export interface ConnectionOptions {
  readonly client: Socket
  readonly forward: LinkState
  readonly backward: LinkState
  /** Returns the address to dial; undefined if there is no server, so that the client is refused. */
  readonly upstream: () => Upstream | undefined
  readonly source?: string | undefined
  readonly clock: ProxyClock
  readonly id: number
  readonly peerProcess?: string | undefined
  /** Handles the bytes before the links' faults act on them. */
  readonly intercept?: Intercept | undefined
  /** Dials with TLS. The socket emits 'secureConnect' once it is connected. */
  readonly dialSecurely?: ((target: Upstream, client: Socket) => Socket) | undefined
  /** Called when dialling the upstream failed for a reason other than a fault. */
  readonly dialFailed: (target: Upstream, error: NodeJS.ErrnoException) => void
  /** Called when a client uses a protocol that the interceptor cannot read. */
  readonly misread: NonNullable<Conversation['misread']>
  /** Called when the interceptor threw an error and so ended this connection. */
  readonly interceptorFailed: (error: unknown) => void
  readonly closed: (connection: Connection) => void
}

type Inlet = Pick<Stage, 'receive' | 'end' | 'reset'>

/**
 * An accepted connection, and the connection dialled for it. The upstream is dialled only while neither direction is
 * cut, because a TCP handshake needs both; until then the client gets nothing. With an interceptor, it is dialled once
 * there are bytes for it, or the interceptor asks.
 */
export class Connection implements PumpedConnection {
  readonly acceptedAtMs: number
  readonly #options: ConnectionOptions
  readonly #client: Socket
  readonly #forward: Pump
  readonly #backward: Pump
  readonly #interceptor: Interceptor | undefined
  readonly #requests: Inlet
  readonly #responses: Inlet
  #peer: Conversation['client'] | undefined
  #upstream: Socket | undefined
  #dialWanted: boolean
  #wantedAtMs: number
  /** The faults that have delayed the dialling so far. Each has counted this connection as one hit. */
  #puttingOff: Set<Placed> | undefined
  #cancelDial: (() => void) | undefined
  #state: 'new' | 'waiting' | 'dialling' | 'joined' | 'closed' = 'new'
  /**
   * Whether the connection was to be dialled while a drop fault cut one of its links. Such a connection is reset once
   * the links heal.
   */
  #doomed = false
  #openSockets = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#client = options.client
    this.acceptedAtMs = options.clock.nowMs()
    this.#wantedAtMs = this.acceptedAtMs
    this.#forward = new Pump(options.forward, this, options.clock)
    this.#backward = new Pump(options.backward, this, options.clock, 'responses')
    const refusing = this.#forward.stages.filter(({ stage }) => stage.refuses)
    const { tape: forward } = options.forward
    const { tape: backward } = options.backward
    const intercept =
      refusing.length > 0 ? undefined : taped({ forward, backward, clock: options.clock }, options.intercept)
    this.#forward.setSource(this.#client)
    this.#backward.setSink(this.#client)
    this.#dialWanted = intercept === undefined
    this.#interceptor = intercept && bounded(intercept, this.#conversation(), options.interceptorFailed)
    this.#requests = this.#interceptor?.requests ?? this.#forward
    this.#responses = this.#interceptor?.responses ?? this.#backward
    if (this.#interceptor !== undefined) {
      this.#forward.observe(this.#interceptor.requests)
      this.#backward.observe(this.#interceptor.responses)
    }
    readDirectly(this.#client, receiverOf(this.#requests))
    this.#watch(this.#client, this.#requests)
    for (const placed of refusing) placed.hit()
    if (refusing.length > 0) this.abort()
    // The connection may already have ended, by a fault or by the interceptor.
    if (this.#state === 'new') this.#state = 'waiting'
    if (this.#forward.stages.length > 0) this.#forward.advance()
    this.#dialIfClear()
  }

  get client(): string {
    return this.#clientAddress().host
  }

  /** Whether no request is in progress, as far as that is known. */
  get isIdle(): boolean {
    return this.#interceptor?.isIdle === true
  }

  stagesChanged(): void {
    this.#dialIfClear()
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#forget()
    this.#client.destroySoon()
    if (this.#upstream?.connecting) resetSocket(this.#upstream)
    else this.#upstream?.destroySoon()
  }

  abort(): void {
    this.#forget()
    resetSocket(this.#client)
    if (this.#upstream !== undefined) resetSocket(this.#upstream)
  }

  #forget(): void {
    this.#state = 'closed'
    this.#cancelDial?.()
    this.#forward.stop()
    this.#backward.stop()
  }

  #clientAddress(): Conversation['client'] {
    this.#peer ??= peerOf(this.#client)
    return this.#peer
  }

  #conversation(): Omit<Conversation, 'guard'> {
    return {
      id: this.#options.id,
      client: this.#clientAddress(),
      peerProcess: this.#options.peerProcess,
      requests: createExit(
        this.#forward,
        () => this.#wantDial(),
        () => this.#resetUpstream(),
      ),
      responses: createExit(
        this.#backward,
        () => undefined,
        () => this.#backward.reset(),
      ),
      dial: () => this.#wantDial(),
      abort: () => this.abort(),
      misread: (what) => this.#options.misread(what),
    }
  }

  #wantDial(): void {
    if (this.#dialWanted) return
    this.#dialWanted = true
    this.#wantedAtMs = this.#options.clock.nowMs()
    this.#dialIfClear()
  }

  #resetUpstream(): void {
    // Only the client can be reset, because the upstream is not connected yet.
    if (this.#state !== 'joined') this.abort()
    else this.#forward.reset()
  }

  #dialIfClear(): void {
    if (this.#state !== 'waiting' || !this.#dialWanted) return
    this.#cancelDial?.()
    const cuts = [this.#forward.cut, this.#backward.cut]
    if (cuts.some((cut) => cut !== 'none')) {
      if (cuts.includes('drop')) this.#doomed = true
      this.#countPutOff(
        [...this.#forward.stages, ...this.#backward.stages].filter(({ stage }) => stage.cut !== undefined),
      )
      return
    }
    if (this.#doomed || this.#forward.holed) {
      this.abort()
      return
    }
    const slowing = this.#forward.stages.filter(({ stage }) => stage.dialDelayMs !== undefined)
    this.#countPutOff(slowing)
    const delayMs = slowing.reduce((sum, { stage }) => sum + (stage.dialDelayMs ?? 0), 0)
    const remainingMs = this.#wantedAtMs + delayMs - this.#options.clock.nowMs()
    if (remainingMs <= 0) this.#dial()
    else this.#cancelDial = this.#options.clock.after(remainingMs, () => this.#dialIfClear())
  }

  #countPutOff(puttingOff: readonly Placed[]): void {
    for (const placed of puttingOff) {
      this.#puttingOff ??= new Set()
      if (this.#puttingOff.has(placed)) continue
      this.#puttingOff.add(placed)
      placed.hit()
    }
  }

  #dial(): void {
    const target = this.#options.upstream()
    if (target === undefined) {
      this.#state = 'dialling'
      this.#responses.reset()
      return
    }
    this.#state = 'dialling'
    const upstream = this.#options.dialSecurely?.(target, this.#client) ?? this.#dialPlainly(target)
    this.#upstream = upstream
    goOnTo(this.#client, upstream)
    this.#backward.setSource(upstream)
    upstream.on('error', (error) => {
      if (this.#state === 'dialling') this.#options.dialFailed(target, error)
    })
    this.#watch(upstream, this.#responses)
    if (this.#options.dialSecurely !== undefined) upstream.on('data', receiverOf(this.#responses))
    upstream.once(this.#options.dialSecurely === undefined ? 'connect' : 'secureConnect', () => {
      this.#state = 'joined'
      this.#forward.setSink(upstream)
    })
  }

  #dialPlainly(target: Upstream): Socket {
    const memory = new ReadBuffer()
    const receive = this.#receiveBorrowed()
    const options = {
      host: target.host,
      port: target.port,
      // Setting `path` to undefined is faster than adding it conditionally by spread syntax. This code runs for each
      // connection.
      path: isPath(target.host) ? target.host : undefined,
      localAddress: this.#options.source,
      allowHalfOpen: true,
      noDelay: true,
      // These are Node's defaults. Without them, Node would copy this object, which takes 8 µs.
      emitClose: false,
      autoDestroy: true,
      decodeStrings: false,
      onread: {
        buffer: () => memory.current,
        callback: (sizeBytes: number) => {
          this.#readUpstream(memory, sizeBytes, receive)
          return true
        },
      },
    }
    const upstream = connect(options as TcpNetConnectOpts)
    return isPath(target.host) ? markUnix(upstream) : upstream
  }

  #readUpstream(memory: ReadBuffer, sizeBytes: number, receive: Receive): void {
    const filled = memory.current
    const bytes = sizeBytes === filled.length ? filled : filled.subarray(0, sizeBytes)
    if (memory.isShared && sizeBytes <= LONGEST_GATHERED_BYTES) {
      receiveInTurn(receive, bytes, true)
      memory.reuse(sizeBytes)
      return
    }
    endTurn()
    if (memory.isShared) {
      this.#responses.receive(Buffer.from(bytes))
      memory.reuse(sizeBytes)
    } else if (this.#backward.passesThrough || this.#interceptor !== undefined) {
      if (hasSentAll(this.#client)) memory.reclaim()
      if (this.#responses.receive(bytes)) memory.reuse(sizeBytes)
      else if (this.#backward.waiting === 0) memory.lend(sizeBytes)
      else memory.give(sizeBytes)
    } else if (sizeBytes * 2 > filled.length) {
      this.#backward.receive(bytes)
      memory.give(sizeBytes)
    } else {
      // Copy the bytes: a few waiting bytes must not keep the whole buffer alive.
      this.#backward.receive(Buffer.from(bytes))
      memory.reuse(sizeBytes)
    }
  }

  /** Returns a receiver of responses. Their memory is reused after the current turn of the event loop. */
  #receiveBorrowed(): Receive {
    const responses = this.#responses
    const pump = this.#backward
    if (this.#interceptor !== undefined) return (bytes) => responses.receive(bytes)
    return (bytes) => pump.receive(pump.passesThrough ? bytes : Buffer.from(bytes))
  }

  #watch(socket: Socket, inlet: Inlet): void {
    let ended = false
    this.#openSockets++
    socket.on('end', () => {
      endTurn()
      if (wasReset(socket)) {
        resetSocket(socket)
        return
      }
      ended = true
      inlet.end()
    })
    // The event 'close' always follows an 'error'. The listener for 'close' passes the error on as an RST.
    socket.on('error', () => undefined)
    socket.on('close', (hadError) => {
      endTurn()
      if (hadError || !ended) this.#lost(inlet)
      this.#openSockets--
      if (this.#openSockets === 0) this.#finish()
    })
  }

  #lost(inlet: Inlet): void {
    if (this.#state === 'closed') return
    if (inlet === this.#forward) this.#resetUpstream()
    else inlet.reset()
  }

  #finish(): void {
    this.#forget()
    this.#options.forward.leave(this.#forward)
    this.#options.backward.leave(this.#backward)
    this.#interceptor?.closed()
    this.#options.closed(this)
  }
}

function receiverOf(inlet: Inlet): Receive {
  const receive = (bytes: Buffer) => void inlet.receive(bytes)
  return (bytes) => {
    if (bytes.length <= LONGEST_GATHERED_BYTES) {
      receiveInTurn(receive, bytes, false)
      return
    }
    endTurn()
    inlet.receive(bytes)
  }
}

/**
 * Whether a socket that reported an end was in fact reset. When one poll finds both data and an RST, libuv reports an
 * end (uv__stream_io, its shortcut for POLLHUP), and a truncated stream would look complete. After a reset, the socket
 * has no peer address any more. After a FIN, it has one while the proxy's own direction is open. No code may read the
 * address earlier, because Node would cache it.
 */
const wasReset = (socket: Socket): boolean =>
  !socket.writableEnded && socket.remoteAddress === undefined && !isUnix(socket)

/**
 * Creates the object through which an interceptor sends to the pump. `reach` is called before bytes or an end are sent.
 * `reset` is called in place of the pump's own `reset`.
 */
function createExit(pump: Pump, reach: () => void, reset: () => void): Exit {
  return {
    pass(bytes) {
      reach()
      if (pump.passesThrough || bytes.length * 2 > bytes.buffer.byteLength) return pump.receive(bytes)
      // Copied, because a few waiting bytes would keep their whole read buffer alive.
      pump.receive(Buffer.from(bytes))
      return true
    },
    end() {
      reach()
      pump.end()
    },
    reset,
    setReading: (reading) => pump.setWanted(reading),
    get congested() {
      return pump.congested
    },
  }
}
