import { createHash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { createRandom, type Random, type TcpFault, type TcpHarm } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dial, pairOf, Received, routeTo, serve } from '../../../testing/src/sockets.ts'
import type { AppliedFault } from '../../src/link/applied-fault.ts'
import type { Network } from '../../src/network/network.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Resolves when there is room for more, or will never be. */
const room = (socket: Socket) =>
  new Promise<void>((resolve) => {
    socket.once('drain', resolve)
    socket.once('close', resolve)
  })

/** Writes the bytes in random chunks. Pauses at random, and whenever the socket is full. Ends the stream afterwards. */
async function send(socket: Socket, bytes: Buffer, random: Random): Promise<void> {
  let offset = 0
  while (offset < bytes.length && !socket.destroyed) {
    const sizeBytes = 1 + random.integer(random.pick([1, 100, 5_000, 100_000]))
    const enough = !socket.write(bytes.subarray(offset, offset + sizeBytes))
    offset += sizeBytes
    if (enough) await room(socket)
    if (random.chance(0.2)) for (let turns = random.integer(10); turns > 0; turns--) await turn()
  }
  socket.end()
}

/** Pauses reading now and then, until the conversation has ended. */
async function stutter(received: Received, random: Random): Promise<void> {
  while (!received.ended) {
    if (random.chance(0.1)) {
      received.socket.pause()
      for (let turns = random.integer(30); turns > 0; turns--) await turn()
      received.socket.resume()
    }
    await turn()
  }
}

function randomFault(random: Random): TcpFault {
  const links = random.pick([pairOf('clients', 'n1'), [{ from: 'clients', to: 'n1' }], [{ from: 'n1', to: 'clients' }]])
  return random.pick<TcpFault>([
    { kind: 'partition', links, mode: 'hold' },
    { kind: 'latency', links, latencyMs: millis(random.integer(6)), jitterMs: millis(random.integer(8)) },
    { kind: 'bandwidth', links, bytesPerSecond: 10 ** (6 + random.integer(4)), shared: random.chance(0.5) },
    { kind: 'slice', links, averageBytes: 1000, variationBytes: random.integer(1000), pauseMs: millis(0) },
    { kind: 'slow-close', links, delayMs: millis(random.integer(5)) },
    { kind: 'slow-connect', links, delayMs: millis(random.integer(5)) },
    { kind: 'half-open', links, when: { probability: 0.5 } },
  ])
}

/** Adds and removes faults that discard nothing, on live connections, until the conversations are over. */
async function torment(network: Network, random: Random, over: () => boolean): Promise<number> {
  let applied: AppliedFault[] = []
  let hits = 0
  while (!over()) {
    if (applied.length < 4 && random.chance(0.5)) applied.push(network.apply(randomFault(random)))
    else {
      const healed = applied.filter(() => random.chance(0.6))
      for (const fault of healed) fault.remove()
      for (const fault of healed) hits += fault.hits
      applied = applied.filter((fault) => !healed.includes(fault))
    }
    for (let turns = random.integer(40); turns > 0; turns--) await turn()
  }
  for (const fault of applied) fault.remove()
  return hits
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

test('no byte is lost, reordered or duplicated while lossless faults come and go', {
  timeout: 300_000,
}, async () => {
  let hits = 0
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 600_000 }),
      fc.integer({ min: 0, max: 600_000 }),
      async (seed, connectionCount, requestBytes, replyBytes) => {
        const random = createRandom(seed)
        const atServer: Received[] = []
        const replies: Buffer[] = []
        const sending: Promise<void>[] = []
        const server = await serve((socket) => {
          const reply = randomBytes(replyBytes)
          const received = new Received(socket)
          replies.push(reply)
          atServer.push(received)
          sending.push(send(socket, reply, random.fork(`reply ${replies.length}`)))
          sending.push(stutter(received, random.fork(`server ${replies.length}`)))
        })
        const { network, route } = await routeTo(server)
        const requests: Buffer[] = []
        const atClient: Received[] = []
        let over = false
        const tormenting = torment(network, random.fork('faults'), () => over)
        for (let i = 0; i < connectionCount; i++) {
          const request = randomBytes(requestBytes)
          const received = new Received(await dial(route))
          requests.push(request)
          atClient.push(received)
          sending.push(send(received.socket, request, random.fork(`request ${i}`)))
          sending.push(stutter(received, random.fork(`client ${i}`)))
        }
        for (const received of atClient) await received.until((r) => r.closed)
        for (const received of atServer) await received.until((r) => r.closed)
        over = true
        hits += await tormenting
        await Promise.all(sending)

        expect([...atClient, ...atServer].map((r) => r.error)).toEqual(Array(2 * connectionCount).fill(undefined))
        expect(atServer.map((r) => digest(r.bytes)).sort()).toEqual(requests.map(digest).sort())
        expect(atClient.map((r) => digest(r.bytes)).sort()).toEqual(replies.map(digest).sort())
        await network.close()
      },
    ),
    { numRuns: 60 },
  )
  expect(hits).toBeGreaterThan(0)
})

test('a cut in mode drop in the middle of a stream delivers only a prefix of the stream', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 400_000 }), async (seed, cutAtBytes) => {
      const random = createRandom(seed)
      let received: Received | undefined
      const { network, route } = await routeTo(
        await serve((socket) => {
          received = new Received(socket)
        }),
      )
      const sent = randomBytes(4_000_000)
      const client = new Received(await dial(route))
      const sending = send(client.socket, sent, random)
      const through = () => network.statistics().get('clients>n1')?.bytes ?? 0
      while (through() < cutAtBytes) await turn()
      const cut = network.apply({ kind: 'partition', links: [{ from: 'clients', to: 'n1' }], mode: 'drop' })
      while (cut.hits === 0) await turn()
      for (let turns = random.integer(20); turns > 0; turns--) await turn()
      cut.remove()
      await client.until((r) => r.closed)
      await received?.until((r) => r.closed)
      await sending
      const arrived = received?.bytes ?? Buffer.alloc(0)
      expect(received?.error).toBe('ECONNRESET')
      expect(arrived.length).toBeLessThan(sent.length)
      expect(sent.subarray(0, arrived.length).equals(arrived)).toBe(true)
      await network.close()
    }),
    { numRuns: 10 },
  )
})

test('under changing faults, a receiver gets a prefix of its stream, and an orderly end only after the whole stream', async () => {
  const endings: string[] = []
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = createRandom(seed)
      const lossy: readonly TcpHarm[] = [
        { kind: 'partition', mode: 'drop' },
        { kind: 'timeout', afterMs: millis(2) },
        { kind: 'reset-peer', afterMs: millis(2) },
        { kind: 'limit-bytes', bytes: random.integer(200_000) },
        { kind: 'limit-time', afterMs: millis(20) },
      ]
      const harm = random.pick(lossy)
      let received: Received | undefined
      const { network, route } = await routeTo(
        await serve((socket) => {
          received = new Received(socket)
        }),
      )
      const sent = randomBytes(1_000_000)
      const client = new Received(await dial(route))
      const sending = send(client.socket, sent, random)
      while (received === undefined) await turn()
      const arriving = received
      let over = false
      const tormenting = torment(network, random.fork('others'), () => over)
      while (!over) {
        const fault = network.apply({ ...harm, links: [{ from: 'clients', to: 'n1' }] })
        for (let turns = random.integer(20); turns > 0; turns--) await turn()
        fault.remove()
        for (let turns = random.integer(100); turns > 0; turns--) await turn()
        over = arriving.ended || arriving.closed
      }
      await tormenting
      client.socket.destroy()
      await sending
      endings.push(arriving.ended ? harm.kind : 'reset')
      expect(sent.subarray(0, arriving.length).equals(arriving.bytes), `${harm.kind}, seed ${seed}`).toBe(true)
      const maySeemWhole = harm.kind !== 'partition' && harm.kind !== 'reset-peer'
      if (arriving.ended && !maySeemWhole) expect(arriving.length, `${harm.kind}, seed ${seed}`).toBe(sent.length)
      await network.close()
    }),
    { numRuns: 25 },
  )
  expect(new Set(endings).size).toBeGreaterThan(1)
})

test('500 simultaneous connections get their own bytes back through a cut and its heal', async () => {
  const { network, route } = await routeTo(await serve((socket) => socket.pipe(socket)))
  const clients: { received: Received; sent: Buffer }[] = []
  for (let i = 0; i < 500; i++) clients.push({ received: new Received(await dial(route)), sent: randomBytes(20_000) })
  const slow = network.apply({
    kind: 'latency',
    links: pairOf('clients', 'n1'),
    latencyMs: millis(20),
    jitterMs: millis(10),
  })
  for (const { received, sent } of clients) received.socket.write(sent.subarray(0, 10_000))
  const cut = network.apply({ kind: 'partition', links: pairOf('clients', 'n1'), mode: 'hold' })
  for (const { received, sent } of clients) received.socket.end(sent.subarray(10_000))
  while (cut.hits < 1000) await turn()
  cut.remove()
  for (const { received } of clients) await received.until((r) => r.closed)
  slow.remove()
  for (const { received, sent } of clients) expect(received.bytes.equals(sent)).toBe(true)
  const statistics = network.statistics()
  expect(statistics.get('clients>n1')).toMatchObject({ connections: 500, bytes: 10_000_000, droppedBytes: 0 })
  while (route.liveConnections > 0) await turn()
  expect(network.statistics().get('n1>clients')?.liveConnections).toBe(0)
})
