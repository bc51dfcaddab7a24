import { randomBytes } from 'node:crypto'
import type { TcpFault, TcpHarm } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { Trigger } from '../../../../testing/src/fault-parts.ts'
import {
  conversation,
  dial,
  echo,
  eventually,
  links,
  ManualClock,
  on,
  Received,
  routeTo,
  serve,
  settled,
} from '../../../../testing/src/sockets.ts'

const { to, back, both } = links
const ms = millis

describe('the trigger of a TCP fault', () => {
  /** Opens ten connections, four of them before the fault begins, and returns those that the fault holds. */
  async function hit(when: Trigger<TcpFault>, seed = 1) {
    const { network, route } = await routeTo(await echo(), { seed })
    const clients: Received[] = []
    const dialOne = async () => {
      clients.push(new Received(await dial(route)))
      clients.at(-1)?.socket.write('.')
    }
    for (let i = 0; i < 4; i++) {
      await dialOne()
      await clients[i]?.until((r) => r.text === '.')
    }
    const fault = network.apply(on(to, { kind: 'half-open' }, when))
    for (let i = 4; i < 10; i++) await dialOne()
    for (const client of clients) await client.until((r) => r.text === '.')
    for (const client of clients) client.socket.end()
    await eventually(() => fault.hits + clients.filter((client) => client.ended).length === 10)
    return clients.flatMap((client, i) => (client.ended ? [] : [i + 1]))
  }

  test.each([
    [{ nth: 3 }, [3]],
    [{ nth: 6 }, [6]],
    [{ first: 5 }, [1, 2, 3, 4, 5]],
    [{ every: 3 }, [3, 6, 9]],
    [{ first: 6, every: 2 }, [2, 4, 6]],
    [{ probability: 0 }, []],
    [{ probability: 1 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    [{ client: '127.0.0.0/8', nth: 2 }, [2]],
    [{ client: '10.0.0.0/8' }, []],
    [{ client: 'fd00::/8' }, []],
    [{ client: '127.0.0.1', first: 1 }, [1]],
  ] as const)('the trigger %j of a TCP fault selects the connections %j', async (when, expected) => {
    expect(await hit(when)).toEqual(expected)
  })

  test('a TCP fault with a probability selects the same connections for the same seed, but not for every seed', async () => {
    const first = await hit({ probability: 0.5 }, 1)
    expect(await hit({ probability: 0.5 }, 1)).toEqual(first)
    const others = await Promise.all([2, 3, 4].map((seed) => hit({ probability: 0.5 }, seed)))
    expect(others.some((other) => other.join() !== first.join())).toBe(true)
  })

  test('a TCP fault does not affect the bytes before afterBytes', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'partition', mode: 'hold' }, { afterBytes: 5 }))
    client.socket.write('abcdefgh')
    await server.until((r) => r.text === 'abcde')
    await settled(() => server.length)
    expect([server.text, fault.hits]).toEqual(['abcde', 1])
    fault.remove()
    await server.until((r) => r.text === 'abcdefgh')
  })

  test('a TCP fault starts at fromMs and ends at untilMs on live connections', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const fault = network.apply(on(to, { kind: 'partition', mode: 'hold' }, { fromMs: ms(100), untilMs: ms(200) }))
    client.socket.write('before ')
    await server.until((r) => r.text === 'before ')
    clock.advance(100)
    client.socket.write('during')
    await eventually(() => fault.hits === 1)
    await settled(() => server.length)
    expect(server.text).toBe('before ')
    clock.advance(100)
    await server.until((r) => r.text === 'before during')
    expect(clock.armed).toBe(0)
    fault.remove()
  })

  test('the trigger of a reset fault selects among the live connections', async () => {
    const { network, route } = await routeTo(await echo())
    const clients: Received[] = []
    for (let i = 0; i < 4; i++) {
      clients.push(new Received(await dial(route)))
      clients[i]?.socket.write('.')
      await clients[i]?.until((r) => r.length === 1)
    }
    expect(network.apply(on(both, { kind: 'reset' }, { every: 2 })).hits).toBe(2)
    await Promise.all([clients[1]?.until((r) => r.closed), clients[3]?.until((r) => r.closed)])
    expect(clients.map((client) => client.closed)).toEqual([false, true, false, true])
  })

  test.each([
    [{ client: '10.0.0.0/33' }, '"client" is "10.0.0.0/33"'],
    [{ client: 'example.org' }, 'Give an address, or a network'],
    [{ probability: 7 }, '"probability" is 7'],
    [{ nth: 0 }, '"nth" is 0'],
    [{ fromMs: ms(5), untilMs: ms(5) }, 'which must be greater than'],
  ])('is refused: %j', async (when, expected) => {
    const { network } = await routeTo(undefined)
    expect(() => network.apply(on(to, { kind: 'half-open' }, when))).toThrow(expected)
  })
})

describe('an update of a fault', () => {
  test('an update of a fault acts immediately on waiting bytes', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const fault = network.apply(on(to, { kind: 'latency', latencyMs: ms(1000), jitterMs: ms(0) }))
    client.socket.write('x')
    await eventually(() => fault.hits === 1)
    fault.update(on(to, { kind: 'latency', latencyMs: ms(10), jitterMs: ms(0) }))
    expect(fault.fault).toMatchObject({ latencyMs: 10 })
    clock.advance(10)
    await server.until((r) => r.text === 'x')
  })

  test('an update that changes the trigger of a TCP fault selects again among the live connections', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'partition', mode: 'hold' }, { probability: 0 }))
    fault.update(on(to, { kind: 'partition', mode: 'hold' }, { probability: 1 }))
    client.socket.write('x')
    await eventually(() => fault.hits === 1)
    fault.update(on(to, { kind: 'partition', mode: 'hold' }, { probability: 0 }))
    await server.until((r) => r.text === 'x')
  })

  test('an update of a fault is refused if it changes the kind or the links', async () => {
    const { network } = await routeTo(undefined)
    const fault = network.apply(on(to, { kind: 'half-open' }))
    expect(() => fault.update(on(to, { kind: 'refuse' }))).toThrow('half-open on clients>n1 cannot become refuse')
    expect(() => fault.update(on(back, { kind: 'half-open' }))).toThrow('cannot become half-open on n1>clients')
  })

  test('an update of a removed fault has no effect', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'partition', mode: 'hold' }))
    fault.remove()
    fault.update(on(to, { kind: 'partition', mode: 'drop' }))
    client.socket.write('x')
    await server.until((r) => r.text === 'x')
  })
})

test('removing a fault returns immediately even if a receiver has left or does not read', async () => {
  const stuck = await serve((socket) => socket.pause())
  const harms: readonly TcpHarm[] = [
    { kind: 'partition', mode: 'hold' },
    { kind: 'latency', latencyMs: ms(1e6), jitterMs: ms(0) },
    { kind: 'bandwidth', bytesPerSecond: 1 },
    { kind: 'slice', averageBytes: 1, variationBytes: 0, pauseMs: ms(1000) },
    { kind: 'timeout', afterMs: ms(0) },
    { kind: 'slow-close', delayMs: ms(1e6) },
  ]
  for (const harm of harms) {
    const { network, route } = await routeTo(stuck)
    const reading = new Received(await dial(route))
    reading.socket.write(randomBytes(10_000_000))
    await settled(() => network.statistics().get('clients>n1')?.bytes ?? 0)
    const fault = network.apply(on(both, harm))
    reading.socket.destroy()
    await settled(() => fault.hits)
    const beforeMs = performance.now()
    fault.remove()
    expect(performance.now() - beforeMs).toBeLessThan(30_000)
    await network.close()
  }
})
