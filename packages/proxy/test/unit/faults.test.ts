import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { millis, UserError } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import {
  conversation,
  dial,
  echo,
  eventually,
  hold,
  links,
  ManualClock,
  Received,
  routeTo,
  serve,
  settled,
  startDialling,
} from '../../../testing/src/sockets.ts'
import type { Network } from '../../src/network/network.ts'

const { to, back, both } = links

describe('a latency fault on a connection', () => {
  test('a latency fault delivers no byte early', async () => {
    const { network, route } = await routeTo(await echo())
    const client = new Received(await dial(route))
    network.apply({ kind: 'latency', links: both, latencyMs: millis(12), jitterMs: millis(0) })
    for (let round = 1; round <= 5; round++) {
      const sentAtMs = performance.now()
      client.socket.write('x')
      await client.until((r) => r.length === round)
      expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(24)
    }
  })

  test('a latency fault delays a FIN or RST only as long as the bytes before it', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const slow = network.apply({ kind: 'latency', links: both, latencyMs: millis(100), jitterMs: millis(0) })
    client.socket.end('bye')
    await eventually(() => slow.hits === 1)
    clock.advance(99)
    await settled(() => server.length)
    expect(server.ended).toBe(false)
    clock.advance(1)
    await server.until((r) => r.text === 'bye' && r.ended)
    server.socket.resetAndDestroy()
    await client.until((r) => r.error === 'ECONNRESET')
    expect(slow.hits).toBe(1)
  })

  test('a latency fault keeps the order of bytes with any jitter', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const slow = network.apply({ kind: 'latency', links: to, latencyMs: millis(50), jitterMs: millis(50) })
    let expected = ''
    for (let i = 0; i < 100; i++) {
      expected += `${i};`
      client.socket.write(`${i};`)
      await eventually(() => slow.hits > i || network.statistics().get('clients>n1')?.bytes === expected.length)
      clock.advance(1)
    }
    clock.advance(100)
    await server.until((r) => r.length === expected.length)
    expect(server.text).toBe(expected)
  })

  test('a latency fault releases waiting bytes immediately when healed', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const slow = network.apply({ kind: 'latency', links: to, latencyMs: millis(1e6), jitterMs: millis(0) })
    client.socket.write('now')
    await eventually(() => slow.hits === 1)
    expect(clock.armed).toBe(1)
    slow.remove()
    await server.until((r) => r.text === 'now')
    expect(clock.armed).toBe(0)
  })

  test('a latency fault passes its delayed bytes to a cut, which holds them until the cut is healed', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const slow = network.apply({ kind: 'latency', links: to, latencyMs: millis(10), jitterMs: millis(0) })
    client.socket.write('x')
    await eventually(() => slow.hits === 1)
    const cut = network.apply(hold(to))
    clock.advance(1000)
    await settled(() => server.length)
    expect(server.length).toBe(0)
    cut.remove()
    await server.until((r) => r.text === 'x')
  })
})

describe('a bandwidth fault on a connection', () => {
  test('a bandwidth fault passes exactly the number of bytes that its rate allows', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    network.apply({ kind: 'bandwidth', links: to, bytesPerSecond: 10_000 })
    client.socket.write(randomBytes(5000))
    await eventually(() => network.statistics().get('clients>n1')?.bytes === 5000)
    for (const expected of [1000, 2000, 3000, 4000, 5000]) {
      clock.advance(100)
      await server.until((r) => r.length >= expected)
      await settled(() => server.length)
      expect(server.length).toBe(expected)
    }
  })

  test('a bandwidth fault holds all bytes at rate 0 until the fault is removed', async () => {
    const { network, client, server } = await conversation()
    const none = network.apply({ kind: 'bandwidth', links: to, bytesPerSecond: 0 })
    client.socket.write('x')
    await eventually(() => none.hits === 1)
    none.remove()
    await server.until((r) => r.text === 'x')
  })
})

describe('a reset fault', () => {
  test('a reset fault resets the live connections of its links, and no other connections', async () => {
    const { network, client, server } = await conversation()
    const other = await network.route({ from: 'clients', to: 'n2', upstream: await echo() })
    const untouched = new Received(await dial(other))
    const reset = network.apply({ kind: 'reset', links: both })
    expect(reset.hits).toBe(1)
    await Promise.all([client.until((r) => r.closed), server.until((r) => r.closed)])
    expect([client.error, server.error]).toEqual(['ECONNRESET', 'ECONNRESET'])
    untouched.socket.write('x')
    await untouched.until((r) => r.text === 'x')
    reset.remove()
  })

  test('a reset fault also resets connections that a cut holds', async () => {
    const { network, route } = await routeTo(await echo())
    network.apply(hold(both))
    const waiting = new Received(await dial(route))
    await eventually(() => route.liveConnections === 1)
    network.apply({ kind: 'reset', links: to })
    await waiting.until((r) => r.closed)
    expect(waiting.error).toBe('ECONNRESET')
  })

  test('a reset fault closes every connection, even immediately after the clients half-closed them', async () => {
    const { network, route } = await routeTo(await serve((socket) => socket.resume()))
    const clients: Socket[] = []
    for (let i = 0; i < 50; i++) {
      const client = await dial(route)
      client.on('error', () => undefined)
      clients.push(client)
    }
    await eventually(() => route.liveConnections === 50)
    for (const client of clients) client.end()
    await new Promise((resolve) => setImmediate(resolve))
    network.apply({ kind: 'reset', links: both })
    await eventually(() => route.liveConnections === 0)
  })
})

describe('the randomness of faults', () => {
  /** The delays that the first connection's first chunks were given. */
  async function delays(seed: number, meanwhile: (network: Network) => Promise<void> = async () => undefined) {
    const drawn: number[] = []
    const clock = new ManualClock()
    const { network, client, server } = await conversation({
      seed,
      clock: {
        nowMs: () => clock.nowMs(),
        after(delayMs, callback) {
          drawn.push(delayMs)
          return clock.after(delayMs, callback)
        },
      },
    })
    network.apply({ kind: 'latency', links: to, latencyMs: millis(100), jitterMs: millis(50) })
    for (let length = 1; length <= 5; length++) {
      client.socket.write('x')
      await eventually(() => clock.armed === 1)
      clock.advance(200)
      await server.until((r) => r.length === length)
      await meanwhile(network)
    }
    return drawn
  }

  test('the randomness of faults depends on the seed', async () => {
    const first = await delays(1)
    expect(new Set(first).size).toBe(5)
    expect(await delays(1)).toEqual(first)
    expect(await delays(2)).not.toEqual(first)
  })

  test('the randomness of a fault is unaffected by faults and routes on other links', async () => {
    const other = async (network: Network) => {
      network.apply({ kind: 'latency', links: back, latencyMs: millis(5), jitterMs: millis(5) }).remove()
      await network.route({ from: 'clients', to: `n${network.statistics().size}` })
    }
    expect(await delays(1, other)).toEqual(await delays(1))
  })
})

test('a fault applies to connections opened after the fault was added', async () => {
  const clock = new ManualClock()
  const { network, route } = await routeTo(await echo(), { clock })
  network.apply({ kind: 'latency', links: to, latencyMs: millis(10), jitterMs: millis(0) })
  const client = new Received(startDialling(route))
  client.socket.write('x')
  await eventually(() => network.statistics().get('clients>n1')?.bytes === 1 && clock.armed > 0)
  expect(client.length).toBe(0)
  clock.advance(10)
  await client.until((r) => r.text === 'x')
})

test('a removed fault leaves no timer for later bytes', async () => {
  const clock = new ManualClock()
  const { network, client, server } = await conversation({ clock })
  network.apply({ kind: 'latency', links: both, latencyMs: millis(10), jitterMs: millis(5) }).remove()
  client.socket.write('x')
  await server.until((r) => r.text === 'x')
  expect(clock.armed).toBe(0)
})

test.each([
  [
    { kind: 'latency', links: to, latencyMs: millis(-1), jitterMs: millis(0) },
    'fault on clients>n1: latency: "latencyMs" is -1.',
  ],
  [{ kind: 'latency', links: to, latencyMs: millis(1), jitterMs: millis(Number.NaN) }, '"jitterMs" is NaN'],
  [{ kind: 'bandwidth', links: to, bytesPerSecond: Number.POSITIVE_INFINITY }, '"bytesPerSecond" is Infinity'],
] as const)('an impossible number in a fault is refused: %j', async (fault, expected) => {
  const { network } = await routeTo(undefined)
  expect(() => network.apply(fault)).toThrow(UserError)
  expect(() => network.apply(fault)).toThrow(expected)
})
