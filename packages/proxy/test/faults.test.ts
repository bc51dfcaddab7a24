import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { millis, UserError } from '@chaos/history'
import type { LinkFault, Network } from '@chaos/proxy'
import { describe, expect, test } from 'vitest'
import {
  closeEverythingAfterEach,
  dial,
  echo,
  eventually,
  ManualClock,
  pairOf,
  Received,
  routeTo,
  serve,
  settled,
  startDialling,
} from './sockets.ts'

closeEverythingAfterEach()

const to = [{ from: 'clients', to: 'n1' }]
const back = [{ from: 'n1', to: 'clients' }]
const both = pairOf('clients', 'n1')
const hold = (links: LinkFault['links']) => ({ kind: 'partition', links, mode: 'hold' }) as const
const drop = (links: LinkFault['links']) => ({ kind: 'partition', links, mode: 'drop' }) as const

/** A connected client whose server end is at hand. */
async function conversation(options: Parameters<typeof routeTo>[1] = {}) {
  const accepted: Received[] = []
  const server = await serve((socket) => accepted.push(new Received(socket)))
  const made = await routeTo(server, options)
  const client = new Received(await dial(made.route))
  await eventually(() => accepted.length === 1)
  return { ...made, client, server: accepted[0] as Received, accepted }
}

describe('a cut that holds', () => {
  test('stops one direction of a live connection and not the other, and lets everything through at heal', async () => {
    const { network, client, server } = await conversation()
    const cut = network.apply(hold(to))
    client.socket.write('kept')
    server.socket.write('passed')
    await client.until((r) => r.text === 'passed')
    await settled(() => server.length)
    expect(server.text).toBe('')
    expect(cut.hits).toBe(1)
    cut.remove()
    await server.until((r) => r.text === 'kept')
    client.socket.write(' and more')
    await server.until((r) => r.text === 'kept and more')
  })

  test('acts on connections dialled from either end', async () => {
    const { network, client, server } = await conversation({ from: 'n1', to: 'n2' })
    const other: Received[] = []
    const route = await network.route({
      from: 'n2',
      to: 'n1',
      upstream: await serve((socket) => other.push(new Received(socket))),
    })
    const dialledBack = new Received(await dial(route))
    await eventually(() => other.length === 1)
    const cut = network.apply(hold([{ from: 'n1', to: 'n2' }]))
    client.socket.write('n1 to n2, dialled by n1')
    other[0]?.socket.write('n1 to n2, dialled by n2')
    server.socket.write('n2 to n1')
    dialledBack.socket.write('n2 to n1')
    await client.until((r) => r.text === 'n2 to n1')
    await other[0]?.until((r) => r.text === 'n2 to n1')
    await settled(() => server.length + dialledBack.length)
    expect([server.text, dialledBack.text]).toEqual(['', ''])
    cut.remove()
    await server.until((r) => r.text === 'n1 to n2, dialled by n1')
    await dialledBack.until((r) => r.text === 'n1 to n2, dialled by n2')
  })

  test('keeps the end of the stream as well, by FIN', async () => {
    const { network, client, server } = await conversation()
    const cut = network.apply(hold(to))
    client.socket.end('last')
    await eventually(() => cut.hits === 2)
    expect([server.text, server.ended]).toEqual(['', false])
    cut.remove()
    await server.until((r) => r.ended)
    expect([server.text, server.error]).toEqual(['last', undefined])
  })

  test('keeps the end of the stream as well, by RST', async () => {
    const { network, client, server } = await conversation()
    const cut = network.apply(hold(to))
    client.socket.resetAndDestroy()
    await eventually(() => cut.hits === 1)
    await settled(() => Number(server.closed))
    expect(server.closed).toBe(false)
    cut.remove()
    await server.until((r) => r.closed)
    expect(server.error).toBe('ECONNRESET')
  })

  test('fills the sender rather than the proxy', async () => {
    const { network, client, server } = await conversation()
    const cut = network.apply(hold(to))
    const sent = randomBytes(48 * 1024 * 1024)
    client.socket.end(sent)
    await settled(() => network.statistics().get('clients>n1')?.bytes ?? 0)
    expect(network.statistics().get('clients>n1')?.bytes).toBeLessThan(1024 * 1024)
    cut.remove()
    await server.until((r) => r.ended)
    expect(server.bytes.equals(sent)).toBe(true)
  })

  test.each([
    ['there', to],
    ['back', back],
    ['both ways', both],
  ])('leaves new connections accepted and unanswered while the way %s is cut', async (_, links) => {
    const { network, route, accepted } = await conversation()
    const cut = network.apply(hold(links))
    const late = new Received(await dial(route))
    late.socket.write('knock')
    await eventually(() => route.liveConnections === 2)
    await settled(() => accepted.length)
    expect([accepted.length, late.closed, cut.hits > 0]).toEqual([1, false, true])
    cut.remove()
    await eventually(() => accepted.length === 2)
    await accepted[1]?.until((r) => r.text === 'knock')
    accepted[1]?.socket.write('come in')
    await late.until((r) => r.text === 'come in')
  })

  test('with two cuts on a link, heals with the last', async () => {
    const { network, client, server } = await conversation()
    const [first, second] = [network.apply(hold(to)), network.apply(hold(both))]
    client.socket.write('x')
    await eventually(() => second.hits === 1)
    first.remove()
    first.remove()
    await settled(() => server.length)
    expect(server.length).toBe(0)
    second.remove()
    await server.until((r) => r.text === 'x')
  })

  test('forgets a client that gave up before it was answered', async () => {
    const { network, route, accepted } = await conversation()
    const cut = network.apply(hold(both))
    const late = await dial(route)
    await eventually(() => route.liveConnections === 2)
    late.resetAndDestroy()
    await eventually(() => route.liveConnections === 1)
    cut.remove()
    await settled(() => accepted.length)
    expect(accepted.length).toBe(1)
  })
})

describe('a cut that drops', () => {
  test('never delivers a byte after the hole, and resets both ends at heal', async () => {
    const { network, client, server } = await conversation()
    client.socket.write('before')
    await server.until((r) => r.text === 'before')
    const cut = network.apply(drop(to))
    client.socket.write('gone')
    await eventually(() => cut.hits === 1)
    expect(network.statistics().get('clients>n1')?.droppedBytes).toBe(4)
    expect([client.closed, server.closed]).toEqual([false, false])
    cut.remove()
    client.socket.write('after')
    await Promise.all([client.until((r) => r.closed), server.until((r) => r.closed)])
    expect([client.error, server.error, server.text]).toEqual(['ECONNRESET', 'ECONNRESET', 'before'])
  })

  test('leaves a connection alone that lost nothing', async () => {
    const { network, client, server } = await conversation()
    network.apply(drop(to)).remove()
    const cut = network.apply({ kind: 'blackhole', links: to })
    server.socket.write('other way')
    await client.until((r) => r.text === 'other way')
    cut.remove()
    client.socket.write('still here')
    await server.until((r) => r.text === 'still here')
  })

  test('drops what waited for its latency, too', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const slow = network.apply({ kind: 'latency', links: to, latencyMs: millis(1000), jitterMs: millis(0) })
    client.socket.write('under way')
    await eventually(() => slow.hits === 1)
    const cut = network.apply(drop(to))
    expect(cut.hits).toBe(1)
    slow.remove()
    cut.remove()
    await server.until((r) => r.closed)
    expect([server.text, server.error]).toEqual(['', 'ECONNRESET'])
  })

  test('counts a lost FIN as lost', async () => {
    const { network, client, server } = await conversation()
    const cut = network.apply(drop(to))
    client.socket.end()
    await eventually(() => cut.hits === 1)
    cut.remove()
    await server.until((r) => r.closed)
    expect([server.ended, server.error]).toEqual([false, 'ECONNRESET'])
  })

  test('resets at heal what was opened during it, without ever dialling', async () => {
    const { network, route, accepted } = await conversation()
    const cut = network.apply(drop(back))
    const late = new Received(await dial(route))
    await eventually(() => route.liveConnections === 2)
    await settled(() => Number(late.closed))
    expect(late.closed).toBe(false)
    cut.remove()
    await late.until((r) => r.closed)
    expect([late.error, accepted.length]).toEqual(['ECONNRESET', 1])
  })
})

describe('latency', () => {
  test('never delivers early', async () => {
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

  test('delays a FIN and an RST like bytes', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const slow = network.apply({ kind: 'latency', links: both, latencyMs: millis(100), jitterMs: millis(0) })
    client.socket.end('bye')
    await eventually(() => slow.hits === 2)
    clock.advance(99)
    await settled(() => server.length)
    expect(server.ended).toBe(false)
    clock.advance(1)
    await server.until((r) => r.text === 'bye' && r.ended)
    server.socket.resetAndDestroy()
    await eventually(() => slow.hits === 3)
    expect(client.closed).toBe(false)
    clock.advance(100)
    await client.until((r) => r.error === 'ECONNRESET')
  })

  test('keeps the order whatever the jitter', async () => {
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

  test('removed, releases at once what waited', async () => {
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

  test('holds up neither an RST nor a heal: a cut keeps what latency has let go of', async () => {
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

describe('bandwidth', () => {
  test('lets through what the rate allows and no more', async () => {
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

  test('a rate of 0 is a cut of bytes, and heals', async () => {
    const { network, client, server } = await conversation()
    const none = network.apply({ kind: 'bandwidth', links: to, bytesPerSecond: 0 })
    client.socket.write('x')
    await eventually(() => none.hits === 1)
    none.remove()
    await server.until((r) => r.text === 'x')
  })
})

describe('a reset', () => {
  test('ends the live connections of its links at once, and no others', async () => {
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

  test('ends connections that a cut keeps waiting', async () => {
    const { network, route } = await routeTo(await echo())
    network.apply(hold(both))
    const waiting = new Received(await dial(route))
    await eventually(() => route.liveConnections === 1)
    network.apply({ kind: 'reset', links: to })
    await waiting.until((r) => r.closed)
    expect(waiting.error).toBe('ECONNRESET')
  })

  test('right after an end does not leave the connection behind', async () => {
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

describe('chance', () => {
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

  test('comes from the seed', async () => {
    const first = await delays(1)
    expect(new Set(first).size).toBe(5)
    expect(await delays(1)).toEqual(first)
    expect(await delays(2)).not.toEqual(first)
  })

  test('of one link is not shifted by what happens on another', async () => {
    const other = async (network: Network) => {
      network.apply({ kind: 'latency', links: back, latencyMs: millis(5), jitterMs: millis(5) }).remove()
      await network.route({ from: 'clients', to: `n${network.statistics().size}` })
    }
    expect(await delays(1, other)).toEqual(await delays(1))
  })
})

test('a cut that comes while the upstream is being dialled lets nothing pass', async () => {
  const accepted: Received[] = []
  const { network, route } = await routeTo(await serve((socket) => accepted.push(new Received(socket))))
  const client = startDialling(route)
  client.write('first')
  await eventually(() => route.liveConnections === 1)
  const cut = network.apply(hold(both))
  await eventually(() => network.statistics().get('clients>n1')?.bytes === 5)
  await settled(() => accepted.length + (accepted[0]?.length ?? 0))
  const passed = accepted[0]?.length ?? 0
  cut.remove()
  await eventually(() => accepted.length === 1)
  await accepted[0]?.until((r) => r.text === 'first')
  expect(passed).toBe(0)
})

test('a fault is in force for connections that come after it', async () => {
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

test('a fault that was removed with everything delivered leaves no queue and no timer behind', async () => {
  const clock = new ManualClock()
  const { network, client, server } = await conversation({ clock })
  network.apply({ kind: 'latency', links: both, latencyMs: millis(10), jitterMs: millis(5) }).remove()
  client.socket.write('x')
  await server.until((r) => r.text === 'x')
  expect(clock.armed).toBe(0)
})

test.each([
  [{ kind: 'latency', links: to, latencyMs: millis(-1), jitterMs: millis(0) }, 'latencyMs is -1'],
  [{ kind: 'latency', links: to, latencyMs: millis(1), jitterMs: millis(Number.NaN) }, 'jitterMs is NaN'],
  [{ kind: 'bandwidth', links: to, bytesPerSecond: Number.POSITIVE_INFINITY }, 'bytesPerSecond is Infinity'],
] as const)('a number that makes no sense is refused: %j', async (fault, expected) => {
  const { network } = await routeTo(undefined)
  expect(() => network.apply(fault)).toThrow(UserError)
  expect(() => network.apply(fault)).toThrow(expected)
})
