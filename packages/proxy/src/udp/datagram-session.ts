import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { hostAndPort } from '../socket/host-and-port.ts'
import type { Upstream } from '../tcp/connection.ts'
import { type Allowance, DatagramFlow } from './datagram-flow.ts'
import type { DatagramWiring } from './datagram-wiring.ts'

export interface DatagramSessionOptions extends Omit<DatagramWiring, 'closed'> {
  /** The address of the client, without its port. */
  readonly client: string
  readonly upstream: Upstream
  readonly allowance: Allowance
  readonly answer: (bytes: Buffer) => void
  readonly closed: () => void
}

/** The most datagrams to hold until the upstream's name is resolved. */
const MOST_EARLY = 64

/** One client of a route, with its own socket towards the upstream, so that replies reach the right client. */
export class DatagramSession {
  usedAtMs: number
  readonly #options: DatagramSessionOptions
  readonly #socket: Socket
  readonly #forward: DatagramFlow
  readonly #backward: DatagramFlow
  /** Datagrams that wait until the upstream's name is resolved. */
  #early: Buffer[] | undefined = []
  #closed = false

  constructor(options: DatagramSessionOptions) {
    const { clock, client, allowance, upstream } = options
    this.#options = options
    this.usedAtMs = clock.nowMs()
    const both = { clock, client, allowance, connection: { abort: () => this.close() } }
    this.#forward = new DatagramFlow({
      ...both,
      direction: 'requests',
      link: options.forward,
      datagrams: options.forwardDatagrams,
      send: (bytes) => this.#sendOn(bytes),
    })
    this.#backward = new DatagramFlow({
      ...both,
      direction: 'responses',
      link: options.backward,
      datagrams: options.backwardDatagrams,
      send: options.answer,
    })
    this.#socket = createSocket(isIPv6(upstream.host) ? 'udp6' : 'udp4')
    this.#socket.on('message', (bytes) => {
      this.usedAtMs = clock.nowMs()
      this.#backward.receive(bytes)
    })
    // As on a network, a datagram that the upstream refuses is lost.
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      options.forward.failedDials++
      options.troubled({ type: 'dial-failed', link: options.forward.name, address: hostAndPort(upstream) }, error)
    })
    this.#socket.connect(upstream.port, upstream.host, () => {
      const early = this.#early ?? []
      this.#early = undefined
      for (const bytes of early) this.#sendOn(bytes)
    })
  }

  receive(bytes: Buffer): void {
    this.usedAtMs = this.#options.clock.nowMs()
    this.#forward.receive(bytes)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#forward.close()
    this.#backward.close()
    this.#socket.close()
    this.#options.closed()
  }

  #sendOn(bytes: Buffer): void {
    if (this.#closed) return
    if (this.#early === undefined) this.#socket.send(bytes, () => undefined)
    else if (this.#early.length < MOST_EARLY) this.#early.push(bytes)
  }
}
