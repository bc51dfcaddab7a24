import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { Random } from '@chaos/faults'
import type { ProxyClock } from '../clock.ts'
import type { Carrier, LinkState } from '../link-state.ts'
import { Pump } from './pump.ts'
import { ReadBuffer } from './read-buffer.ts'
import { resetSocket } from './reset-socket.ts'

/** Where a route's bytes go: a server's real address. */
export interface Upstream {
  readonly host: string
  readonly port: number
}

export interface ConnectionOptions {
  readonly client: Socket
  readonly forward: LinkState
  readonly backward: LinkState
  /** Asked when the upstream is dialled; undefined where there is nobody to dial, which the client sees as refused. */
  readonly upstream: () => Upstream | undefined
  readonly clock: ProxyClock
  readonly closed: (connection: Connection) => void
}

/**
 * One accepted connection and the one dialled for it. A TCP handshake takes both directions, so during a cut of either
 * the upstream is not dialled: the client stays accepted and unanswered until the links heal. Where one of the cuts
 * dropped, what was opened during it is reset at heal.
 */
export class Connection implements Carrier {
  readonly #options: ConnectionOptions
  readonly #client: Socket
  readonly #forward: Pump
  readonly #backward: Pump
  #upstream: Socket | undefined
  #state: 'waiting' | 'dialling' | 'joined' | 'closed' = 'waiting'
  /** Opened during a drop. */
  #doomed = false
  #openSockets = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#client = options.client
    this.#forward = this.#createPump(options.forward)
    this.#backward = this.#createPump(options.backward)
    this.#forward.setSource(this.#client)
    this.#backward.setSink(this.#client)
    this.#client.on('data', (bytes: Buffer) => this.#forward.receive(bytes))
    this.#watch(this.#client, this.#forward)
    this.#dialIfClear()
    if (this.#state === 'waiting') {
      options.forward.hit()
      options.backward.hit()
    }
  }

  rulesChanged(link: LinkState): void {
    if (link === this.#forward.link) this.#forward.rulesChanged()
    else this.#backward.rulesChanged()
    this.#dialIfClear()
  }

  waiting(link: LinkState): number {
    return (link === this.#forward.link ? this.#forward : this.#backward).waiting
  }

  abort(): void {
    this.#state = 'closed'
    this.#forward.stop()
    this.#backward.stop()
    resetSocket(this.#client)
    if (this.#upstream !== undefined) resetSocket(this.#upstream)
  }

  #createPump(link: LinkState): Pump {
    const linkRandom = link.join(this)
    let random: Random | undefined
    return new Pump({
      link,
      clock: this.#options.clock,
      random: () => {
        random ??= linkRandom()
        return random
      },
    })
  }

  #dialIfClear(): void {
    if (this.#state !== 'waiting') return
    const { forward, backward } = this.#options
    if (forward.rules.cut !== 'none' || backward.rules.cut !== 'none') {
      if (forward.rules.cut === 'drop' || backward.rules.cut === 'drop') this.#doomed = true
      return
    }
    if (this.#doomed || this.#forward.holed) this.abort()
    else this.#dial()
  }

  #dial(): void {
    const target = this.#options.upstream()
    if (target === undefined) {
      this.#state = 'dialling'
      this.#backward.receiveReset()
      return
    }
    this.#state = 'dialling'
    const memory = new ReadBuffer()
    const upstream = connect({
      host: target.host,
      port: target.port,
      allowHalfOpen: true,
      noDelay: true,
      onread: {
        buffer: () => memory.current,
        callback: (sizeBytes) => {
          this.#readUpstream(memory, sizeBytes)
          return true
        },
      },
    })
    this.#upstream = upstream
    this.#backward.setSource(upstream)
    this.#watch(upstream, this.#backward)
    upstream.once('connect', () => {
      this.#state = 'joined'
      this.#forward.setSink(upstream)
    })
  }

  #readUpstream(memory: ReadBuffer, sizeBytes: number): void {
    const filled = memory.current
    const bytes = sizeBytes === filled.length ? filled : filled.subarray(0, sizeBytes)
    if (this.#backward.passesThrough) {
      if (this.#client.writableLength === 0) memory.reclaim()
      if (this.#backward.receive(bytes)) memory.reuse(sizeBytes)
      else memory.lend(sizeBytes)
    } else if (sizeBytes * 2 > filled.length) {
      this.#backward.receive(bytes)
      memory.give(sizeBytes)
    } else {
      // A few bytes that have to wait must not keep the whole buffer with them.
      this.#backward.receive(Buffer.from(bytes))
      memory.reuse(sizeBytes)
    }
  }

  #watch(socket: Socket, pump: Pump): void {
    let ended = false
    this.#openSockets++
    socket.on('end', () => {
      if (wasReset(socket)) {
        resetSocket(socket)
        return
      }
      ended = true
      pump.receiveEnd()
    })
    // What went wrong does not matter: whatever is no orderly end is passed on as RST. 'close' always follows.
    socket.on('error', () => undefined)
    socket.on('close', (hadError) => {
      if (hadError || !ended) this.#lost(pump)
      this.#openSockets--
      if (this.#openSockets === 0) this.#finish()
    })
  }

  #lost(pump: Pump): void {
    if (this.#state === 'closed') return
    // A client that gives up before its upstream is there leaves nothing to tell anybody.
    if (pump === this.#forward && this.#state !== 'joined') this.abort()
    else pump.receiveReset()
  }

  #finish(): void {
    this.#state = 'closed'
    this.#forward.stop()
    this.#backward.stop()
    this.#options.forward.leave(this)
    this.#options.backward.leave(this)
    this.#options.closed(this)
  }
}

/**
 * Whether a stream that seems to have ended was in truth reset. Where data and an RST are found by one poll, libuv
 * (uv__stream_io, its short cut for POLLHUP) reports an end; passed on as FIN, it would make a truncated stream look
 * complete. A connection that was reset has no peer any more, while after a FIN it has one for as long as our own
 * direction is open. Nothing here asks for the address earlier, since Node would remember the answer.
 */
const wasReset = (socket: Socket): boolean => !socket.writableEnded && socket.remoteAddress === undefined
