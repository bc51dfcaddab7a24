import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Link, TcpFault, TcpHarm } from '@chaosproxy/faults'
import { onTestFinished } from 'vitest'
import type { Intercept } from '../../proxy/src/interceptor/interceptor.ts'
import type { ProxyClock } from '../../proxy/src/link/clock.ts'
import { createNetwork, type Network, type NetworkOptions } from '../../proxy/src/network/network.ts'
import type { RouteOptions } from '../../proxy/src/tcp/route.ts'
import type { Trigger } from './fault-parts.ts'

const toClose: (() => void | Promise<void>)[] = []
const dialled: Set<Socket> = new Set()

let isClosed = false

/**
 * Registers an action for the end of the test. Actions run in reverse order.
 * @throws outside of a test, for example in `beforeAll`, because nothing would run the action there
 */
export function cleanUp(action: () => void | Promise<void>): void {
  closeWithTest()
  toClose.push(action)
}

function closeWithTest(): void {
  if (isClosed) return
  onTestFinished(closeEverything)
  isClosed = true
}

async function closeEverything(): Promise<void> {
  isClosed = false
  for (const socket of dialled) socket.destroy()
  for (const close of toClose.splice(0).reverse()) await close()
}

export function network(options: Partial<NetworkOptions> = {}): Network {
  const created = createNetwork({ seed: 1, ...options })
  cleanUp(() => created.close())
  return created
}

/** Starts a server for sockets, which may be half-open. */
export async function serve(
  accepted: (socket: Socket) => void,
): Promise<{ host: string; port: number; server: Server }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    accepted(socket)
  })
  server.listen({ host: '127.0.0.1', port: 0, backlog: 2048 })
  await once(server, 'listening')
  cleanUp(async () => {
    for (const socket of sockets) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, server }
}

export const echo = () => serve((socket) => socket.pipe(socket))

/** Returns a socket that is still dialling, for tests that may reset it. */
export function startDialling(to: { readonly host: string; readonly port: number }): Socket {
  closeWithTest()
  const socket = connect({ host: to.host, port: to.port, allowHalfOpen: true, noDelay: true })
  // A test that runs for an hour dials without end, so closed sockets must be removed.
  dialled.add(socket)
  socket.on('close', () => dialled.delete(socket))
  return socket
}

export async function dial(to: { readonly host: string; readonly port: number }): Promise<Socket> {
  const socket = startDialling(to)
  await once(socket, 'connect')
  return socket
}

/** Everything that arrives on a socket, and how the socket ended. */
export class Received {
  readonly socket: Socket
  #chunks: Buffer[] = []
  length = 0
  ended = false
  error: string | undefined
  closed = false
  #changed: (() => void)[] = []

  constructor(socket: Socket) {
    this.socket = socket
    const note = (change: () => void) => () => {
      change()
      for (const wake of this.#changed.splice(0)) wake()
    }
    socket.on('data', (bytes: Buffer) =>
      note(() => {
        this.#chunks.push(bytes)
        this.length += bytes.length
      })(),
    )
    socket.on(
      'end',
      note(() => {
        // If an RST arrives together with data, Node emits `end` instead of `error`. The address of the peer is then
        // undefined.
        if (!socket.writableEnded && socket.remoteAddress === undefined) {
          this.error = 'ECONNRESET'
          socket.destroy()
        } else this.ended = true
      }),
    )
    socket.on('error', (error: NodeJS.ErrnoException) =>
      note(() => {
        this.error = error.code
      })(),
    )
    socket.on(
      'close',
      note(() => {
        this.closed = true
      }),
    )
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get text(): string {
    return this.bytes.toString('latin1')
  }

  /** Resolves once the condition holds. Only the test's timeout limits it. */
  async until(condition: (received: this) => boolean): Promise<this> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#changed.push(resolve))
    return this
  }
}

export const pairOf = (from: string, to: string) => [
  { from, to },
  { from: to, to: from },
]

/** Opens a network with one route from the clients, through n1, to `upstream`. */
export async function routeTo(
  upstream: { readonly host: string; readonly port: number } | undefined,
  options: Partial<NetworkOptions & RouteOptions> = {},
) {
  const created = network({ seed: options.seed ?? 1, clock: options.clock })
  const route = await created.route({
    from: options.from ?? 'clients',
    to: options.to ?? 'n1',
    upstream,
    intercept: options.intercept,
  })
  return { network: created, route }
}

/** Resolves once the condition holds. Checks it in every turn of the event loop. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** Resolves once the value has not changed for many turns of the event loop. */
export async function settled(value: () => number): Promise<void> {
  let last = value()
  for (let quietTurns = 0; quietTurns < 300; quietTurns++) {
    await new Promise((resolve) => setImmediate(resolve))
    if (value() !== last) quietTurns = 0
    last = value()
  }
}

/** A clock that advances only on request. */
export class ManualClock implements ProxyClock {
  #nowMs = 0
  #timers: { readonly atMs: number; readonly callback: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  get armed(): number {
    return this.#timers.length
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  advance(durationMs: number): void {
    const untilMs = this.#nowMs + durationMs
    for (;;) {
      const due = this.#timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== due)
      this.#nowMs = due.atMs
      due.callback()
    }
    this.#nowMs = untilMs
  }
}

/**
 * Opens a connected client, and the server's side of the connection. With `dialled`, the interceptor dials the server
 * as soon as the client connects.
 */
export async function conversation(options: Parameters<typeof routeTo>[1] & { readonly dialled?: true } = {}) {
  const accepted: Received[] = []
  const server = await serve((socket) => accepted.push(new Received(socket)))
  const { intercept, dialled } = options
  const dialling: Intercept = (talk) => {
    talk.dial()
    return (intercept as Intercept)(talk)
  }
  const made = await routeTo(server, dialled ? { ...options, intercept: dialling } : options)
  const client = new Received(await dial(made.route))
  await eventually(() => accepted.length === 1)
  return { ...made, client, server: accepted[0] as Received, accepted }
}

const toN1 = [{ from: 'clients', to: 'n1' }]
const fromN1 = [{ from: 'n1', to: 'clients' }]

/** The links of a `conversation`: `to` its server, and `back`. */
export const links: { readonly to: readonly Link[]; readonly back: readonly Link[]; readonly both: readonly Link[] } = {
  to: toN1,
  back: fromN1,
  both: [...toN1, ...fromN1],
}

export const on = (where: readonly Link[], harm: TcpHarm, when?: Trigger<TcpFault>): TcpFault => ({
  ...harm,
  links: where,
  when,
})

export const hold = (cut: readonly Link[]): TcpFault => ({ kind: 'partition', links: cut, mode: 'hold' })
export const drop = (cut: readonly Link[]): TcpFault => ({ kind: 'partition', links: cut, mode: 'drop' })
