// One of the two ends of a measurement, each in a process of its own: the server, or the client that loads it.

import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

export type Measure = 'download' | 'upload' | 'round trips' | 'connections'

export type Request = { readonly role: 'serve' } | LoadRequest

export interface LoadRequest {
  readonly role: 'load'
  readonly measure: Measure
  readonly port: number
  readonly connections: number
  readonly durationMs: number
}

export type Ports = { readonly [measure in Measure]: number }

/** Bytes, round trips, or connections that were opened, used once and closed. */
export interface Load {
  readonly amount: number
  readonly seconds: number
}

const BLOCK = Buffer.alloc(256 * 1024, 1)
const MESSAGE = Buffer.alloc(64, 2)

process.on('message', async (request: Request) => {
  process.send?.(request.role === 'serve' ? await serve() : await load(request))
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
  }
}

function listen(accepted: (socket: Socket) => void): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    accepted(socket)
  })
  return new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => resolve((server.address() as AddressInfo).port))
  })
}

async function load(request: LoadRequest): Promise<Load> {
  const untilMs = performance.now() + request.durationMs
  const startedAtMs = performance.now()
  const clients = Array.from({ length: request.connections }, () => runs[request.measure](request.port, untilMs))
  const amounts = await Promise.all(clients)
  return { amount: amounts.reduce((sum, amount) => sum + amount, 0), seconds: (performance.now() - startedAtMs) / 1000 }
}

const runs: { readonly [measure in Measure]: (port: number, untilMs: number) => Promise<number> } = {
  download: (port, untilMs) =>
    new Promise((resolve, reject) => {
      let bytes = 0
      const socket = connect({
        port,
        host: '127.0.0.1',
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
      const socket = connect({ port, host: '127.0.0.1' })
      const fill = () => {
        while (performance.now() < untilMs) if (!socket.write(BLOCK)) return
        resolve(socket.bytesWritten - socket.writableLength)
        socket.destroy()
      }
      socket.on('connect', fill)
      socket.on('drain', fill)
      socket.on('error', reject)
    }),
  'round trips': (port, untilMs) =>
    new Promise((resolve, reject) => {
      let trips = 0
      let received = 0
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.on('connect', () => socket.write(MESSAGE))
      socket.on('data', (bytes) => {
        received += bytes.length
        if (received < MESSAGE.length) return
        received = 0
        trips++
        if (performance.now() < untilMs) socket.write(MESSAGE)
        else {
          socket.destroy()
          resolve(trips)
        }
      })
      socket.on('error', reject)
    }),
  async connections(port, untilMs) {
    let opened = 0
    for (; performance.now() < untilMs; opened++)
      await new Promise<void>((resolve, reject) => {
        const socket = connect({ port, host: '127.0.0.1', noDelay: true })
        socket.on('connect', () => socket.write(MESSAGE))
        socket.on('data', () => socket.end())
        socket.on('close', () => resolve())
        socket.on('error', reject)
      })
    return opened
  },
}
