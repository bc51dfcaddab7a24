// One of the two processes of a benchmark: the server, or the clients that load it.

import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { serveRequests } from './children.ts'

export type Measure = 'download' | 'upload' | 'round trips' | 'connections' | 'http'

export type LoadRequest =
  | { readonly role: 'serve' }
  | {
      readonly role: 'load'
      readonly measure: Measure
      readonly port: number
      readonly connections: number
      readonly durationMs: number
    }
  /** Opens this many connections and leaves them open. */
  | { readonly role: 'idle'; readonly port: number; readonly connections: number }
  /** Measures the time of each of `trips` round trips, with a pause of `pauseMs` before each round trip. */
  | { readonly role: 'time'; readonly port: number; readonly trips: number; readonly pauseMs: number }
  /** Measures the rate of received bytes in windows of 500 ms. The first window does not count. */
  | { readonly role: 'watch'; readonly port: number; readonly windows: number }

export type Ports = { readonly [measure in Measure]: number }

/** `amount` counts bytes, round trips, requests, or connections that were opened, used once and closed. */
export interface Load {
  readonly amount: number
  readonly seconds: number
  /** `amount` plus the amount during the warm-up; absent if there was no warm-up. */
  readonly total?: number
}

/** The address where the server listens, and to which clients connect. */
const HOST = process.env['CHAOS_BENCH_HOST'] ?? '127.0.0.1'
const BLOCK = Buffer.alloc(256 * 1024, 1)
const MESSAGE = Buffer.alloc(64, 2)
const WINDOW_MS = 500

serveRequests<LoadRequest>((request) => {
  switch (request.role) {
    case 'serve':
      return serve()
    case 'load':
      return load(request)
    case 'idle':
      return idle(request.port, request.connections)
    case 'time':
      return time(request)
    case 'watch':
      return watch(request.port, request.windows)
  }
})

async function serve(): Promise<Ports> {
  const echo = await listen((socket) => void socket.on('data', (bytes) => socket.write(bytes)))
  return {
    'round trips': echo,
    connections: echo,
    upload: await listen((socket) => void socket.resume()),
    download: await listen((socket) => {
      const fill = () => {
        while (socket.writable && socket.write(BLOCK));
      }
      socket.on('drain', fill)
      fill()
    }),
    http: await listenOn(
      createHttpServer((request, response) => {
        request.resume()
        response.end('{"value":"0123456789abcdef"}')
      }),
    ),
  }
}

const listen = (accepted: (socket: Socket) => void): Promise<number> =>
  listenOn(
    createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined)
      accepted(socket)
    }),
  )

const listenOn = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen({ port: 0, host: HOST, backlog: 4096 }, () => resolve((server.address() as AddressInfo).port))
  })

async function load(request: Extract<LoadRequest, { role: 'load' }>): Promise<Load> {
  const untilMs = performance.now() + request.durationMs
  const startedAtMs = performance.now()
  const clients = Array.from({ length: request.connections }, () => runs[request.measure](request.port, untilMs))
  const amounts = await Promise.all(clients)
  return { amount: amounts.reduce((sum, amount) => sum + amount, 0), seconds: (performance.now() - startedAtMs) / 1000 }
}

/**
 * Sends `message`, and repeats it after each complete answer until `untilMs`. Returns the number of answers. All
 * answers have the same length, which `answerBytes` computes from the first bytes received.
 */
function exchange(
  port: number,
  untilMs: number,
  message: Buffer,
  answerBytes: (first: Buffer) => number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let trips = 0
    let received = 0
    let expected = 0
    const socket = connect({ port, host: HOST, noDelay: true })
    socket.on('connect', () => socket.write(message))
    socket.on('data', (bytes) => {
      if (expected === 0) expected = answerBytes(bytes)
      received += bytes.length
      if (received < expected) return
      received = 0
      trips++
      if (performance.now() < untilMs) socket.write(message)
      else {
        socket.destroy()
        resolve(trips)
      }
    })
    socket.on('error', reject)
  })
}

const GET = Buffer.from('GET /kv/some-key HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n')

const runs: { readonly [measure in Measure]: (port: number, untilMs: number) => Promise<number> } = {
  download: (port, untilMs) =>
    new Promise((resolve, reject) => {
      let bytes = 0
      const socket = connect({
        port,
        host: HOST,
        onread: {
          buffer: Buffer.alloc(BLOCK.length),
          callback(sizeBytes) {
            bytes += sizeBytes
            if (performance.now() >= untilMs) {
              socket.destroy()
              resolve(bytes)
            }
            return true
          },
        },
      })
      socket.on('error', reject)
    }),
  upload: (port, untilMs) =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: HOST })
      const fill = () => {
        while (performance.now() < untilMs) if (!socket.write(BLOCK)) return
        resolve(socket.bytesWritten - socket.writableLength)
        socket.destroy()
      }
      socket.on('connect', fill)
      socket.on('drain', fill)
      socket.on('error', reject)
    }),
  'round trips': (port, untilMs) => exchange(port, untilMs, MESSAGE, () => MESSAGE.length),
  // All answers of this server have the same length. The first arrives in one piece.
  http: (port, untilMs) => exchange(port, untilMs, GET, (first) => first.length),
  async connections(port, untilMs) {
    let opened = 0
    for (; performance.now() < untilMs; opened++)
      await new Promise<void>((resolve, reject) => {
        const socket = connect({ port, host: HOST, noDelay: true })
        socket.on('connect', () => socket.write(MESSAGE))
        socket.on('data', () => socket.end())
        socket.on('close', () => resolve())
        socket.on('error', reject)
      })
    return opened
  },
}

async function idle(port: number, connections: number): Promise<object> {
  for (let opened = 0; opened < connections; opened += 100)
    await Promise.all(
      Array.from(
        { length: 100 },
        () =>
          new Promise<void>((resolve, reject) => {
            const socket = connect({ port, host: HOST, noDelay: true })
            socket.on('connect', () => socket.write(MESSAGE))
            socket.once('data', () => resolve())
            socket.on('error', reject)
          }),
      ),
    )
  return {}
}

async function time({
  port,
  trips,
  pauseMs,
}: Extract<LoadRequest, { role: 'time' }>): Promise<{ readonly tripsMs: readonly number[] }> {
  const tripsMs: number[] = []
  const socket = connect({ port, host: HOST, noDelay: true })
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  for (let trip = 0; trip < trips; trip++) {
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    const startedAtMs = performance.now()
    await new Promise<void>((resolve) => {
      socket.once('data', () => resolve())
      socket.write(MESSAGE)
    })
    tripsMs.push(performance.now() - startedAtMs)
  }
  socket.destroy()
  return { tripsMs }
}

/** Returns the rate in each window. A timer may end a window late, so the rate uses the window's actual duration. */
async function watch(port: number, windows: number): Promise<{ readonly bytesPerSecond: readonly number[] }> {
  const bytesPerSecond: number[] = []
  let received = 0
  const socket = connect({ port, host: HOST })
  socket.on('data', (bytes) => {
    received += bytes.length
  })
  await new Promise<void>((resolve) => socket.once('data', () => resolve()))
  for (let window = 0; window <= windows; window++) {
    const startedAtMs = performance.now()
    received = 0
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS))
    bytesPerSecond.push((received * 1000) / (performance.now() - startedAtMs))
  }
  socket.destroy()
  return { bytesPerSecond: bytesPerSecond.slice(1) }
}
