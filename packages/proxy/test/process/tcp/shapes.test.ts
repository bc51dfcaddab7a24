import { randomBytes } from 'node:crypto'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
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
  startDialling,
} from '../../../../testing/src/sockets.ts'

const { to, both } = links
const ms = millis

test('latency delays bytes, and the end of the stream arrives after the bytes', async () => {
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

test('slow-close passes bytes immediately and delays the end', async () => {
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

describe('packet-loss', () => {
  test('packet-loss delivers all bytes in order, and a lost packet only after its retransmission', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    // Seven transmissions in a row are lost, so the waits add up to 2 ** 7 - 1 times the first wait.
    const fault = network.apply(on(to, { kind: 'packet-loss', probability: 1, retransmitMs: ms(10) }, { first: 1 }))
    client.socket.write('late')
    let waited = 0
    while (server.text === '') {
      clock.advance(10)
      waited += 10
      await settled(() => server.text.length)
    }
    expect(server.text).toBe('late')
    expect(waited).toBeGreaterThanOrEqual(1_270)
    expect(fault.hits).toBe(7)
  })

  test('packet-loss neither loses nor delays bytes at probability 0', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock })
    const fault = network.apply(on(both, { kind: 'packet-loss', probability: 0, retransmitMs: ms(200) }))
    const sent = randomBytes(100_000).toString('hex')
    client.socket.end(sent)
    await server.until((r) => r.ended)
    expect(server.text).toBe(sent)
    expect(fault.hits).toBe(0)
  })

  test('packet-loss recovers a lost packet without a retransmission timeout if three later packets follow', async () => {
    const clock = new ManualClock()
    const { network, client, server } = await conversation({ clock, seed: 1 })
    network.apply(on(to, { kind: 'packet-loss', probability: 0.2, retransmitMs: ms(200) }))
    const sent = randomBytes(50_000).toString('hex')
    client.socket.end(sent)
    let waited = 0
    while (!server.ended) {
      await settled(() => server.text.length)
      if (server.ended) break
      clock.advance(200)
      waited += 200
    }
    expect(server.text).toBe(sent)
    // Of about 70 packets, 14 are lost. Nearly all of them are retransmitted immediately, without a timeout.
    expect(waited).toBeLessThan(70 * 0.2 * 200)
  })
})

describe('slow-connect', () => {
  test('slow-connect delays the dial, keeps the bytes sent meanwhile, and delays no other connection', async () => {
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

  test('a connection that slow-connect delays is dialled immediately once the fault is removed', async () => {
    const { network, route } = await routeTo(await echo())
    const fault = network.apply(on(to, { kind: 'slow-connect', delayMs: ms(1e6) }))
    const client = new Received(await dial(route))
    client.socket.write('x')
    await eventually(() => fault.hits === 1)
    fault.remove()
    await client.until((r) => r.text === 'x')
  })
})

test('the fault refuse resets new connections without dialling the server, and keeps live connections', async () => {
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
  test('slice cuts data into separate writes without losing bytes', async () => {
    const sent = randomBytes(20_000)
    const { network, client, server } = await conversation()
    let reads = 0
    server.socket.on('data', () => reads++)
    const fault = network.apply(on(to, { kind: 'slice', averageBytes: 100, variationBytes: 0, pauseMs: ms(0) }))
    client.socket.end(sent)
    await server.until((r) => r.ended)
    expect(server.bytes.equals(sent)).toBe(true)
    expect(fault.hits).toBeGreaterThanOrEqual(200)
    // How many bytes a read returns depends on the machine.
    expect(reads).toBeGreaterThan(1)
  })

  test('the fault slice sends data in pieces, and pauses for the given time after each piece', async () => {
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

test('corrupt flips the same bits for the same seed', async () => {
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

test('a shared bandwidth is divided equally between two connections', async () => {
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
