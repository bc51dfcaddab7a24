import { randomBytes } from 'node:crypto'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import {
  conversation,
  dial,
  eventually,
  hold,
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

describe('the timeout fault', () => {
  test('the timeout fault drops all bytes, and closes the connection after the given time without traffic', async () => {
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

  test('with afterMs 0, the timeout fault keeps connections that lost bytes open until the fault is removed', async () => {
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

  test('the timeout fault keeps a connection open when another fault is applied and removed', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'timeout', afterMs: ms(0) }))
    client.socket.write('gone')
    await eventually(() => fault.hits === 1)
    network.apply(hold(both)).remove()
    server.socket.write('still there')
    await client.until((r) => r.text === 'still there')
  })
})

describe('the reset-peer fault', () => {
  test.each([0, 100])(
    'the reset-peer fault drops the first bytes, and resets both ends %d ms later',
    async (afterMs) => {
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
    },
  )

  test('the reset-peer fault resets a connection even if the client has ended it with a FIN', async () => {
    const { network, client, server } = await conversation()
    network.apply(on(to, { kind: 'reset-peer', afterMs: ms(1) }))
    client.socket.end()
    await Promise.all([client.until((r) => r.closed), server.until((r) => r.closed)])
    expect([client.error, server.error]).toEqual(['ECONNRESET', 'ECONNRESET'])
  })

  test('the reset-peer fault does not reset a connection that its trigger does not select', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(both, { kind: 'reset-peer', afterMs: ms(0) }, { probability: 0 }))
    client.socket.end('bye')
    await server.until((r) => r.ended)
    server.socket.end('bye')
    await Promise.all([client.until((r) => r.closed), server.until((r) => r.closed)])
    expect([client.error, server.error, server.text, fault.hits]).toEqual([undefined, undefined, 'bye', 0])
  })
})

describe('the limit-bytes fault', () => {
  test.each([
    [0, ''],
    [3, 'abc'],
    [6, 'abcdef'],
  ])('the limit-bytes fault passes %d bytes, and then closes both sides without a reset', async (bytes, expected) => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'limit-bytes', bytes }))
    client.socket.write('abcdef')
    await Promise.all([client.until((r) => r.ended), server.until((r) => r.ended)])
    expect([server.text, server.error, fault.hits]).toEqual([expected, undefined, 1])
  })

  test('the limit-bytes fault passes a whole reply whose size equals the limit', async () => {
    const answer = randomBytes(500_000)
    const { network, route } = await routeTo(await serve((socket) => socket.write(answer)))
    network.apply(on(back, { kind: 'limit-bytes', bytes: answer.length }))
    const client = await new Received(await dial(route)).until((r) => r.ended)
    expect(client.bytes.equals(answer)).toBe(true)
  })

  test('an update of the limit-bytes fault keeps the byte count of each connection', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(to, { kind: 'limit-bytes', bytes: 10 }))
    client.socket.write('123456')
    await server.until((r) => r.length === 6)
    fault.update(on(to, { kind: 'limit-bytes', bytes: 8 }))
    client.socket.write('789')
    await server.until((r) => r.ended)
    expect(server.text).toBe('12345678')
  })

  test('the limit-bytes fault does not affect a connection that ends before the limit', async () => {
    const { network, client, server } = await conversation()
    const fault = network.apply(on(both, { kind: 'limit-bytes', bytes: 100 }))
    client.socket.end('short')
    await server.until((r) => r.ended)
    server.socket.end('answer')
    await client.until((r) => r.closed)
    expect([server.text, client.text, fault.hits]).toEqual(['short', 'answer', 0])
  })
})

test('limit-time closes each connection without a reset at the given age, whether or not the connection is idle', async () => {
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

test('the fault limit-time closes a connection that is still dialling the server, even at afterMs 0', async () => {
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

describe('the half-open fault', () => {
  test.each([
    ['FIN', undefined],
    ['RST', 'ECONNRESET'],
  ])('the half-open fault hides a %s from the receiver until the fault is healed', async (how, error) => {
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
