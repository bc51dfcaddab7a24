import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { createRandom, type Random, type TcpFault, type TcpHarm } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { dial, pairOf, serve, startDialling } from '../../../testing/src/sockets.ts'
import { type ProxyProcess, type ProxyUsage, startProxyProcess } from '../proxy-process.ts'

// These tests run the proxy for a long time, in its own process. CHAOS_SOAK=short moves fewer bytes in less time.
const short = process.env['CHAOS_SOAK'] === 'short'
const GIGABYTE = 1e9
const INTEGRITY_BYTES = (short ? 1 : 10) * GIGABYTE
const MIXED_MS = (short ? 1 : 60) * 60_000
const CONNECTIONS = 200

const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs))
const room = (socket: Socket) =>
  new Promise<void>((resolve) => {
    socket.once('drain', resolve)
    socket.once('close', resolve)
  })

/** Returns a megabyte of random bytes. Tests send pieces of it, which costs less than drawing new random bytes. */
function noise(random: Random): Buffer {
  const bytes = Buffer.alloc(2 ** 20)
  for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(random.integer(2 ** 32), i)
  return bytes
}

/** Sends this many bytes in random chunks, then ends the stream. Returns the digest of the bytes. */
async function send(socket: Socket, sizeBytes: number, source: Buffer, random: Random): Promise<string> {
  const hash = createHash('md5')
  for (let sent = 0; sent < sizeBytes && !socket.destroyed; ) {
    const offset = random.integer(source.length)
    const bytes = source.subarray(offset, offset + Math.min(1 + random.integer(200_000), sizeBytes - sent))
    hash.update(bytes)
    sent += bytes.length
    if (!socket.write(bytes)) await room(socket)
  }
  socket.end()
  return hash.digest('hex')
}

/** Returns the digest of all received bytes, once the stream has ended. */
function digestOf(socket: Socket): Promise<string> {
  const hash = createHash('md5')
  return new Promise((resolve, reject) => {
    socket.on('data', (bytes: Buffer) => hash.update(bytes))
    socket.once('end', () => resolve(hash.digest('hex')))
    socket.once('error', reject)
  })
}

const links = pairOf('clients', 'n1')
const lossless: readonly TcpHarm[] = [
  { kind: 'partition', mode: 'hold' },
  { kind: 'latency', latencyMs: millis(5), jitterMs: millis(5) },
  { kind: 'latency', latencyMs: millis(2), jitterMs: millis(1), distribution: 'pareto' },
  { kind: 'bandwidth', bytesPerSecond: 2e8 },
  { kind: 'bandwidth', bytesPerSecond: 5e8, shared: true },
  { kind: 'slice', averageBytes: 50_000, variationBytes: 40_000, pauseMs: millis(0) },
  { kind: 'slow-close', delayMs: millis(20) },
  { kind: 'slow-connect', delayMs: millis(20) },
  { kind: 'half-open' },
]
const lossy: readonly TcpHarm[] = [
  { kind: 'partition', mode: 'drop' },
  { kind: 'blackhole' },
  { kind: 'reset' },
  { kind: 'reset-peer', afterMs: millis(10) },
  { kind: 'timeout', afterMs: millis(50) },
  { kind: 'limit-bytes', bytes: 100_000 },
  { kind: 'limit-time', afterMs: millis(200) },
  { kind: 'corrupt', probability: 0.0001 },
  { kind: 'refuse' },
]

/** Applies and removes faults at random until `isOver`. Returns how many faults hit. */
async function torment(proxy: ProxyProcess, harms: readonly TcpHarm[], random: Random, isOver: () => boolean) {
  let bitten = 0
  const inForce: (() => Promise<number>)[] = []
  while (!isOver()) {
    const fault: TcpFault = {
      ...random.pick(harms),
      links: random.pick([links, links.slice(0, 1), links.slice(1)]),
      when: { probability: random.pick([0, 0.3, 1]) },
    }
    inForce.push(await proxy.apply(fault))
    await pause(random.integer(100))
    while (inForce.length > 3 || (inForce.length > 0 && random.chance(0.5))) {
      const remove = inForce.shift()
      if (remove !== undefined && (await remove()) > 0) bitten++
    }
  }
  for (const remove of inForce) await remove()
  return bitten
}

test(`${INTEGRITY_BYTES / GIGABYTE} GB arrive unchanged in both directions under changing lossless faults`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  const random = createRandom(seed)
  const source = noise(random)
  const proxy = await startProxyProcess(seed)
  const conversations: { fromServer: Promise<string>; toServer: Promise<string> }[] = []
  const server = await serve((socket) => {
    const toServer = digestOf(socket)
    conversations.push({
      toServer,
      fromServer: send(socket, 20e6, source, random.fork(`reply ${conversations.length}`)),
    })
  })
  const route = await proxy.route('n1', server)
  let isOver = false
  const tormenting = torment(proxy, lossless, random.fork('faults'), () => isOver)
  const seen: { sent: string[]; received: string[] } = { sent: [], received: [] }
  for (let moved = 0; moved < INTEGRITY_BYTES; moved += 8 * 40e6) {
    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const socket = await dial(route)
        const received = digestOf(socket)
        seen.sent.push(await send(socket, 20e6, source, random.fork(`request ${moved} ${i}`)))
        seen.received.push(await received)
      }),
    )
  }
  isOver = true
  expect(await tormenting, `seed ${seed}`).toBeGreaterThan(0)
  const atServer = await Promise.all(conversations.map(({ toServer }) => toServer))
  const byServer = await Promise.all(conversations.map(({ fromServer }) => fromServer))
  expect(atServer.sort(), `seed ${seed}`).toEqual(seen.sent.sort())
  expect(seen.received.sort(), `seed ${seed}`).toEqual(byServer.sort())
})

test(
  `${MIXED_MS / 1_000} s of all faults at ${CONNECTIONS} connections do not increase memory or descriptors`,
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 32)
    const random = createRandom(seed)
    const proxy = await startProxyProcess(seed)
    const server = await serve((socket) => {
      socket.on('end', () => socket.end())
      socket.pipe(socket, { end: false })
    })
    const route = await proxy.route('n1', server)
    const endsAtMs = performance.now() + MIXED_MS
    const isOver = () => performance.now() >= endsAtMs
    /** Opens connections one after the other. Each connection is used for a while, and then ends in some way. */
    async function client(own: Random): Promise<void> {
      while (!isOver()) {
        const socket = startDialling(route)
        socket.on('error', () => undefined)
        socket.resume()
        const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
        for (let messages = own.integer(50); messages > 0 && !socket.destroyed; messages--) {
          socket.write(Buffer.alloc(1 + own.integer(20_000)))
          await pause(own.integer(50))
        }
        if (own.chance(0.2)) socket.resetAndDestroy()
        else socket.end()
        await Promise.race([closed, pause(1000)])
        socket.destroy()
      }
    }
    const clients = Array.from({ length: CONNECTIONS }, (_, i) => client(random.fork(`client ${i}`)))
    const tormenting = torment(proxy, [...lossless, ...lossy], random.fork('faults'), isOver)
    const usages: ProxyUsage[] = []
    while (!isOver()) {
      await pause(MIXED_MS / 40)
      usages.push(await proxy.usage())
    }
    await Promise.all(clients)
    expect(await tormenting, `seed ${seed}`).toBeGreaterThan(10)
    // The first quarter is the warm-up. Leaked memory would keep growing after it.
    const [, early, , late] = [0, 1, 2, 3].map((quarter) => usages.slice(quarter * 10, quarter * 10 + 10))
    const largest = (of: readonly ProxyUsage[] | undefined, what: (usage: ProxyUsage) => number) =>
      Math.max(...(of ?? []).map(what))
    const grown = largest(late, (usage) => usage.residentBytes) / largest(early, (usage) => usage.residentBytes)
    expect(
      grown,
      `seed ${seed}: ${usages.map(({ residentBytes }) => Math.round(residentBytes / 1e6))} MB`,
    ).toBeLessThan(1.25)
    await expect.poll(async () => (await proxy.usage()).connections, { timeout: 60_000 }).toBe(0)
    const after = await proxy.usage()
    expect(after.unhandled).toBe(0)
    expect(after.descriptors, `seed ${seed}`).toBeLessThan(60)
  },
  MIXED_MS + 5 * 60_000,
)

/** Each process needs some descriptors for itself. */
const FILES = openFilesAllowed() - 200
/**
 * Each connection takes two descriptors in the proxy. In this process it also takes two, for the client and the server.
 */
const MOST_CONNECTIONS = Math.min(10_000, Math.floor(FILES / 2))

function openFilesAllowed(): number {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files: { readonly soft: number | 'unlimited' } }
  }
  const allowed = userLimits?.open_files.soft
  return typeof allowed === 'number' ? allowed : Number.POSITIVE_INFINITY
}

test(`${MOST_CONNECTIONS} simultaneous connections get their replies, and use at most 15 KB each when idle`, async () => {
  const proxy = await startProxyProcess(1)
  const server = await serve((socket) => socket.pipe(socket))
  const route = await proxy.route('n1', server)
  const open = async (connections: number) => {
    for (let opened = 0; opened < connections; opened += 100)
      await Promise.all(
        Array.from({ length: Math.min(100, connections - opened) }, async () => {
          const socket = await dial(route)
          socket.write('x')
          await new Promise((resolve) => socket.once('data', resolve))
        }),
      )
  }
  const first = Math.min(500, Math.floor(MOST_CONNECTIONS / 2))
  await open(first)
  const before = await proxy.usage()
  await open(MOST_CONNECTIONS - first)
  const after = await proxy.usage()
  expect(after.connections).toBe(MOST_CONNECTIONS)
  expect((after.residentBytes - before.residentBytes) / (MOST_CONNECTIONS - first)).toBeLessThan(15_000)
})
