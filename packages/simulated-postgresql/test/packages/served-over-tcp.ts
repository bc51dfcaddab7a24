import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { createServer as createBackends } from '../../src/server/server.ts'
import { createEngine } from '../../src/session/engine.ts'
import { randomFrom } from '../random-expressions.ts'

/** 2000-01-01 UTC, from which PostgreSQL counts time, in milliseconds since 1970. */
const POSTGRES_EPOCH_MS = 946_684_800_000

export interface ServedOverTcp {
  readonly port: number
  /** The statements that were refused, and why. */
  readonly refused: readonly string[]
  close(): void
}

/** Starts a simulated server with an empty database and in real time, for clients in other processes. */
export async function serveOverTcp(seed: number): Promise<ServedOverTcp> {
  const random = randomFrom(seed)
  const refused: string[] = []
  const after = (micros: number, run: () => void): (() => void) => {
    const timer = setTimeout(run, micros / 1_000)
    return () => clearTimeout(timer)
  }
  const engine = createEngine({
    time: { now: () => BigInt(Date.now() - POSTGRES_EPOCH_MS) * 1_000n, after },
    random: () => random.below(2 ** 30) / 2 ** 30,
  })
  const backends = createBackends({
    ...{ engine, after, costOf: () => 0, wakesAfter: () => 0, maxConnections: () => 100 },
    ...{ losesReply: () => false, isStarting: () => false },
    unsupported: (sql, construct) => refused.push(`${construct}: ${sql}`),
  })
  const server = createServer({ noDelay: true }, (socket) => {
    const backend = backends.accept({ send: (bytes) => socket.write(bytes), end: () => socket.end() })
    socket.on('data', (bytes) => backend.receive(bytes))
    socket.on('close', () => backend.closed())
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, refused, close: () => void server.close() }
}
