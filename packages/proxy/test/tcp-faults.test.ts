import { randomBytes } from 'node:crypto'
import type { LinkFault, LinkHarm, LinkTrigger } from '@chaos/faults'
import { millis } from '@chaos/history'
import { describe, expect, test } from 'vitest'
import {
  closeEverythingAfterEach,
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
} from './sockets.ts'

closeEverythingAfterEach()

const { to, back, both } = links
const ms = millis

const on = (where: typeof both, harm: LinkHarm, when?: LinkTrigger): LinkFault => ({ ...harm, links: where, when })

describe('timeout', () => {
  test('loses all bytes, and ends the connection in good order once none came for so long', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const fault = network.apply(on(to, { kind: 'timeout', afterMs: ms(100) }))
    clock.advance(90)
    client.socket.write('gone')
    await eventually(() => fault.hits === 1)
    clock.advance(90)
    await settled(() => Number(client.ended))
    expect([client.ended, server.length]).toEqual([false, 0])
    clock.advance(10)
    await Promise.all([client.until((r) => r.ended), server.until((r) => r.ended)])
    expect([client.error, server.error, server.length]).toEqual([undefined, undefined, 0])
    expect(network.statistics().get('clients>n1')).toMatchObject({ deliveredBytes: 0, droppedBytes: 4 })
  })

  test('of 0 ends nothing until it is removed, and then what it touched', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const fault = network.apply(on(to, { kind: 'timeout', afterMs: ms(0) }))
    client.socket.write('gone')
    await eventually(() => fault.hits === 1)
    clock.advance(1e9)
    server.socket.write('other way')
    await client.until((r) => r.text === 'other way')
    expect(client.ended).toBe(false)
    fault.remove()
    await Promise.all([client.until((r) => r.ended), server.until((r) => r.ended)])
  })

  test('survives other faults that come and go', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'timeout', afterMs: ms(0) }))
    client.socket.write('gone')
    await eventually(() => fault.hits === 1)
    network.apply(hold(both)).remove()
    server.socket.write('still there')
    await client.until((r) => r.text === 'still there')
  })
})

describe('reset-peer', () => {
  test.each([0, 100])('resets both ends %d ms after the first bytes, which are lost', async (afterMs) => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const fault = network.apply(on(to, { kind: 'reset-peer', afterMs: ms(afterMs) }))
    clock.advance(1000)
    server.socket.write('idle is fine')
    await client.until((r) => r.length === 12)
    client.socket.write('x')
    await eventually(() => network.statistics().get('clients>n1')?.droppedBytes === 1)
    if (afterMs > 0) {
      clock.advance(afterMs - 1)
      await settled(() => Number(client.closed))
      expect(client.closed).toBe(false)
      clock.advance(1)
    }
    await Promise.all([client.until((r) => r.closed), server.until((r) => r.closed)])
    expect([client.error, server.error, server.length, fault.hits]).toEqual(['ECONNRESET', 'ECONNRESET', 0, 1])
  })

  test('resets after an end, too', async () => {
    const { network, client, server } = await conversation()
    network.apply(on(to, { kind: 'reset-peer', afterMs: ms(1) }))
    client.socket.end()
    await Promise.all([client.until((r) => r.closed), server.until((r) => r.closed)])
    expect([client.error, server.error]).toEqual(['ECONNRESET', 'ECONNRESET'])
  })

  test('whose trigger spares a connection leaves its end in good order', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(both, { kind: 'reset-peer', afterMs: ms(0) }, { probability: 0 }))
    client.socket.end('bye')
    await server.until((r) => r.ended)
    server.socket.end('bye')
    await Promise.all([client.until((r) => r.closed), server.until((r) => r.closed)])
    expect([client.error, server.error, server.text, fault.hits]).toEqual([undefined, undefined, 'bye', 0])
  })
})

describe('limit-bytes', () => {
  test.each([
    [0, ''],
    [3, 'abc'],
    [6, 'abcdef'],
  ])('of %d lets as many through, and ends both sides in good order', async (bytes, expected) => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'limit-bytes', bytes }))
    client.socket.write('abcdef')
    await Promise.all([client.until((r) => r.ended), server.until((r) => r.ended)])
    expect([server.text, server.error, fault.hits]).toEqual([expected, undefined, 1])
  })

  test('lets an answer that is as long as it allows be read whole', async () => {
    const answer = randomBytes(500_000)
    const { network, route } = await routeTo(await serve((socket) => socket.write(answer)))
    network.apply(on(back, { kind: 'limit-bytes', bytes: answer.length }))
    const client = await new Received(await dial(route)).until((r) => r.ended)
    expect(client.bytes.equals(answer)).toBe(true)
  })

  test('counts on when it is updated: a connection keeps what it has used up', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'limit-bytes', bytes: 10 }))
    client.socket.write('123456')
    await server.until((r) => r.length === 6)
    fault.update(on(to, { kind: 'limit-bytes', bytes: 8 }))
    client.socket.write('789')
    await server.until((r) => r.ended)
    expect(server.text).toBe('12345678')
  })

  test('does not mind an end before its limit', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(both, { kind: 'limit-bytes', bytes: 100 }))
    client.socket.end('short')
    await server.until((r) => r.ended)
    server.socket.end('answer')
    await client.until((r) => r.closed)
    expect([server.text, client.text, fault.hits]).toEqual(['short', 'answer', 0])
  })
})

test('limit-time ends a connection of that age in good order, whether it is used or not', async () => {
  const clock = new ManualClock()
  const { network, client, server, route } = await conversation({ clock })
  clock.advance(50)
  const fault = network.apply(on(to, { kind: 'limit-time', afterMs: ms(100) }))
  const young = new Received(await dial(route))
  await eventually(() => route.liveConnections === 2)
  clock.advance(50)
  await Promise.all([client.until((r) => r.ended), server.until((r) => r.ended)])
  expect([client.error, young.ended, fault.hits]).toEqual([undefined, false, 1])
  clock.advance(50)
  await young.until((r) => r.ended)
})

test('limit-time ends a connection that has not even been dialled yet, be it at age 0', async () => {
  const clock = new ManualClock()
  let accepted = 0
  const { network, route } = await routeTo(await serve(() => accepted++), { clock })
  network.apply(on(to, { kind: 'slow-connect', delayMs: ms(1e6) }))
  for (const afterMs of [100, 0]) {
    const fault = network.apply(on(to, { kind: 'limit-time', afterMs: ms(afterMs) }))
    const client = new Received(await dial(route))
    await eventually(() => route.liveConnections === 1 || fault.hits === 1)
    clock.advance(afterMs)
    await client.until((r) => r.ended)
    await eventually(() => route.liveConnections === 0)
    fault.remove()
  }
  expect(accepted).toBe(0)
})

describe('half-open', () => {
  test.each([
    ['FIN', undefined],
    ['RST', 'ECONNRESET'],
  ])('keeps a %s from the receiver until it heals', async (how, error) => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'half-open' }))
    client.socket.write('last')
    await server.until((r) => r.text === 'last')
    if (how === 'FIN') client.socket.end()
    else client.socket.resetAndDestroy()
    await eventually(() => fault.hits === 1)
    await settled(() => Number(server.ended || server.closed))
    expect([server.ended, server.closed]).toEqual([false, false])
    fault.remove()
    await server.until((r) => r.ended || r.closed)
    expect(server.error).toBe(error)
  })
})

test('latency delays bytes, and not the end, which still comes after them', async () => {
  const clock = new ManualClock()
  const { network, client, server } = await conversation({ clock })
  const fault = network.apply(on(both, { kind: 'latency', latencyMs: ms(100), jitterMs: ms(0) }))
  client.socket.end('bytes')
  server.socket.end()
  await client.until((r) => r.ended)
  await eventually(() => fault.hits === 1)
  expect([server.text, server.ended]).toEqual(['', false])
  clock.advance(100)
  await server.until((r) => r.ended)
  expect(server.text).toBe('bytes')
})

test('slow-close passes bytes at once and the end later', async () => {
  const clock = new ManualClock()
  const { network, client, server } = await conversation({ clock })
  const fault = network.apply(on(to, { kind: 'slow-close', delayMs: ms(100) }))
  client.socket.end('bytes')
  await server.until((r) => r.text === 'bytes')
  await eventually(() => fault.hits === 1)
  clock.advance(99)
  await settled(() => Number(server.ended))
  expect(server.ended).toBe(false)
  clock.advance(1)
  await server.until((r) => r.ended)
})

describe('slow-connect', () => {
  test('dials later, keeps what was said meanwhile, and holds up nobody else', async () => {
    const clock = new ManualClock()
    const accepted: Received[] = []
    const { network, route } = await routeTo(await serve((socket) => accepted.push(new Received(socket))), { clock })
    const fault = network.apply(on(both, { kind: 'slow-connect', delayMs: ms(100) }, { first: 1 }))
    const slow = await dial(route)
    slow.write('patience')
    await eventually(() => fault.hits === 1)
    const other = await dial(route)
    other.write('now')
    await eventually(() => accepted.length === 1)
    await accepted[0]?.until((r) => r.text === 'now')
    clock.advance(99)
    await settled(() => accepted.length)
    expect(accepted.length).toBe(1)
    clock.advance(1)
    await eventually(() => accepted.length === 2)
    await accepted[1]?.until((r) => r.text === 'patience')
  })

  test('removed, dials at once', async () => {
    const { network, route } = await routeTo(await echo())
    const fault = network.apply(on(to, { kind: 'slow-connect', delayMs: ms(1e6) }))
    const client = new Received(await dial(route))
    client.socket.write('x')
    await eventually(() => fault.hits === 1)
    fault.remove()
    await client.until((r) => r.text === 'x')
  })
})

test('refuse resets new connections, never asks the server, and leaves live ones alone', async () => {
  const { network, route, client, server, accepted } = await conversation()
  const fault = network.apply(on(both, { kind: 'refuse' }))
  const refused = await new Received(startDialling(route)).until((r) => r.closed)
  client.socket.write('still here')
  await server.until((r) => r.text === 'still here')
  expect([refused.error, accepted.length, fault.hits]).toEqual(['ECONNRESET', 1, 1])
  await eventually(() => route.liveConnections === 1)
  fault.remove()
  await dial(route)
  await eventually(() => accepted.length === 2)
})

describe('slice', () => {
  test('cuts what comes into writes of their own, and passes on all of it', async () => {
    const sent = randomBytes(20_000)
    const { network, client, server } = await conversation()
    let reads = 0
    server.socket.on('data', () => reads++)
    const fault = network.apply(on(to, { kind: 'slice', averageBytes: 100, variationBytes: 0, pauseMs: ms(0) }))
    client.socket.end(sent)
    await server.until((r) => r.ended)
    expect(server.bytes.equals(sent)).toBe(true)
    expect(fault.hits).toBeGreaterThanOrEqual(200)
    expect(reads).toBeGreaterThan(20)
  })

  test('pauses after each piece', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    network.apply(on(to, { kind: 'slice', averageBytes: 2, variationBytes: 0, pauseMs: ms(10) }))
    client.socket.write('abcdef')
    for (const expected of ['ab', 'abcd', 'abcdef']) {
      await server.until((r) => r.text === expected)
      await settled(() => server.length)
      expect(server.text).toBe(expected)
      clock.advance(10)
    }
  })
})

test('corrupt flips bits on the way, and the same ones from the same seed', async () => {
  const run = async (seed: number) => {
    const { network, client, server } = await conversation({ seed })
    const fault = network.apply(on(to, { kind: 'corrupt', probability: 0.01 }))
    client.socket.end(Buffer.alloc(5000))
    await server.until((r) => r.ended)
    expect(fault.hits).toBe(server.bytes.filter((byte) => byte !== 0).length)
    return server.bytes
  }
  const [first, again, other] = [await run(7), await run(7), await run(8)]
  expect(first.length).toBe(5000)
  expect(first.equals(again)).toBe(true)
  expect(first.equals(other)).toBe(false)
})

test('a shared bandwidth is that of all connections together, who take turns', async () => {
  const clock = new ManualClock()
  const { network, client, server, route, accepted } = await conversation({ clock })
  const other = await dial(route)
  await eventually(() => accepted.length === 2)
  network.apply(on(to, { kind: 'bandwidth', bytesPerSecond: 10_000, shared: true }))
  client.socket.write(randomBytes(5000))
  other.write(randomBytes(5000))
  await eventually(() => network.statistics().get('clients>n1')?.bytes === 10_000)
  const received = () => server.length + (accepted[1]?.length ?? 0)
  for (const expected of [1000, 2000, 3000, 10_000]) {
    clock.advance((expected - received()) / 10)
    await eventually(() => received() >= expected)
    await settled(received)
    expect(received()).toBe(expected)
    expect(Math.abs(server.length - expected / 2)).toBeLessThanOrEqual(100)
  }
})

describe('a trigger', () => {
  /** Which of ten connections, the first four alive already, are held. */
  async function hit(when: LinkTrigger, seed = 1) {
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
  ] as const)('%j hits the connections %j', async (when, expected) => {
    expect(await hit(when)).toEqual(expected)
  })

  test('of a probability comes from the seed', async () => {
    const first = await hit({ probability: 0.5 }, 1)
    expect(await hit({ probability: 0.5 }, 1)).toEqual(first)
    const others = await Promise.all([2, 3, 4].map((seed) => hit({ probability: 0.5 }, seed)))
    expect(others.some((other) => other.join() !== first.join())).toBe(true)
  })

  test('afterBytes spares what comes before', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'partition', mode: 'hold' }, { afterBytes: 5 }))
    client.socket.write('abcdefgh')
    await server.until((r) => r.text === 'abcde')
    await settled(() => server.length)
    expect([server.text, fault.hits]).toEqual(['abcde', 1])
    fault.remove()
    await server.until((r) => r.text === 'abcdefgh')
  })

  test('fromMs and untilMs put the fault in force and out of it, on live connections', async () => {
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

  test('of a reset chooses among those alive', async () => {
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
    [{ fromMs: ms(5), untilMs: ms(5) }, 'which is not after'],
  ])('%j is refused', async (when, expected) => {
    const { network } = await routeTo(undefined)
    expect(() => network.apply(on(to, { kind: 'half-open' }, when))).toThrow(expected)
  })
})

describe('an update', () => {
  test('acts at once on what waits', async () => {
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

  test('of the trigger chooses the connections anew', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'partition', mode: 'hold' }, { probability: 0 }))
    fault.update(on(to, { kind: 'partition', mode: 'hold' }, { probability: 1 }))
    client.socket.write('x')
    await eventually(() => fault.hits === 1)
    fault.update(on(to, { kind: 'partition', mode: 'hold' }, { probability: 0 }))
    await server.until((r) => r.text === 'x')
  })

  test('to another kind or other links is refused', async () => {
    const { network } = await routeTo(undefined)
    const fault = network.apply(on(to, { kind: 'half-open' }))
    expect(() => fault.update(on(to, { kind: 'refuse' }))).toThrow('half-open on clients>n1 cannot become refuse')
    expect(() => fault.update(on(back, { kind: 'half-open' }))).toThrow('cannot become half-open on n1>clients')
  })

  test('after it was removed brings nothing back', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'partition', mode: 'hold' }))
    fault.remove()
    fault.update(on(to, { kind: 'partition', mode: 'drop' }))
    client.socket.write('x')
    await server.until((r) => r.text === 'x')
  })
})

test('removing any fault from a connection whose receiver is gone or does not read returns at once', async () => {
  const stuck = await serve((socket) => socket.pause())
  const harms: readonly LinkHarm[] = [
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
    expect(performance.now() - beforeMs).toBeLessThan(1000)
    await network.close()
  }
})
