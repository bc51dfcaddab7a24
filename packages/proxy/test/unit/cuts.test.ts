import { randomBytes } from 'node:crypto'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import {
  conversation,
  dial,
  drop,
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

const { to, back, both } = links

describe('a cut that holds bytes', () => {
  test('a cut in one direction holds the bytes of a live connection until the cut is healed', async () => {
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

  test('a cut from n1 to n2 holds the bytes from n1 to n2, whichever end dialled the connection', async () => {
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

  test('a cut that holds bytes holds a FIN until the cut is healed', async () => {
    const { network, client, server } = await conversation()
    const cut = network.apply(hold(to))
    client.socket.end('last')
    await eventually(() => cut.hits === 2)
    expect([server.text, server.ended]).toEqual(['', false])
    cut.remove()
    await server.until((r) => r.ended)
    expect([server.text, server.error]).toEqual(['last', undefined])
  })

  test('a cut that holds bytes holds an RST until the cut is healed', async () => {
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

  test('a cut that holds bytes makes the sender wait, and buffers less than a megabyte in the proxy', async () => {
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
  ])(
    'a link with a cut accepts clients, but does not dial the server until the cut is healed (cut direction: %s)',
    async (_, links) => {
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
    },
  )

  test('bytes are held until both of two cuts on a link are removed', async () => {
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

  test('a healed cut dials no server for a client that disconnected during the cut', async () => {
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

describe('a cut that drops bytes', () => {
  test('a cut that drops bytes delivers no byte after the first lost byte, and resets both ends when healed', async () => {
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

  test('a cut that drops bytes leaves a connection open if the connection lost no byte', async () => {
    const { network, client, server } = await conversation()
    network.apply(drop(to)).remove()
    const cut = network.apply({ kind: 'blackhole', links: to })
    server.socket.write('other way')
    await client.until((r) => r.text === 'other way')
    cut.remove()
    client.socket.write('still here')
    await server.until((r) => r.text === 'still here')
  })

  test('a cut that drops bytes also drops the bytes that a latency fault holds back', async () => {
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

  test('a cut that drops bytes counts a dropped FIN as a loss', async () => {
    const { network, client, server } = await conversation()
    const cut = network.apply(drop(to))
    client.socket.end()
    await eventually(() => cut.hits === 1)
    cut.remove()
    await server.until((r) => r.closed)
    expect([server.ended, server.error]).toEqual([false, 'ECONNRESET'])
  })

  test('a healed cut that drops bytes resets the connections opened during the cut, and dials no server for them', async () => {
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

test('a cut applied during the dial to the server lets no byte pass', async () => {
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
