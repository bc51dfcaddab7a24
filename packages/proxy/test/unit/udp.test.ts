import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { DatagramFault } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import type { Harm, Trigger } from '../../../testing/src/fault-parts.ts'
import { cleanUp, eventually, hold, links, ManualClock, network, settled } from '../../../testing/src/sockets.ts'
import type { NetworkOptions } from '../../src/network/network.ts'
import type { DatagramRouteOptions } from '../../src/udp/datagram-route.ts'

const { to, back, both } = links
const on = (where: typeof both, harm: Harm<DatagramFault>, when?: Trigger<DatagramFault>): DatagramFault => ({
  ...harm,
  links: where,
  ...(when === undefined ? {} : { when }),
})

async function bound(received: (bytes: Buffer, answer: (text: string) => void) => void): Promise<Socket> {
  const socket = createSocket('udp4', (bytes, { address, port }) =>
    received(bytes, (text) => socket.send(text, port, address)),
  )
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  cleanUp(async () => {
    socket.close()
    await once(socket, 'close')
  })
  return socket
}

/** A UDP proxy of a server that answers each datagram with the datagram in capitals. `client` creates a client. */
async function served(options: Partial<NetworkOptions & DatagramRouteOptions> = {}) {
  const arrived: string[] = []
  const server = await bound((bytes, answer) => {
    arrived.push(bytes.toString())
    answer(bytes.toString().toUpperCase())
  })
  const created = network({ seed: options.seed ?? 1, clock: options.clock })
  const upstream = { host: '127.0.0.1', port: server.address().port }
  const route = await created.datagramRoute({ from: 'clients', to: 'n1', upstream, ...options })
  const client = async () => {
    const answers: string[] = []
    const socket = await bound((bytes) => answers.push(bytes.toString()))
    return { answers, socket, send: (text: string) => socket.send(text, route.port, route.host) }
  }
  return { network: created, route, arrived, client }
}

test('each client of a UDP proxy gets its own replies', async () => {
  const { route, client, network } = await served()
  const [a, b] = [await client(), await client()]
  a.send('one')
  b.send('two')
  await eventually(() => a.answers.length === 1 && b.answers.length === 1)
  expect([a.answers, b.answers, route.liveSessions]).toEqual([['ONE'], ['TWO'], 2])
  expect(network.statistics().get('clients>n1')).toMatchObject({ bytes: 6, deliveredBytes: 6, connections: 2 })
})

describe('a datagram', () => {
  test('a datagram is lost if a trigger selects it, and triggers count each direction separately', async () => {
    const { network, client, arrived } = await served()
    const there = network.applyToDatagrams(on(to, { kind: 'drop-datagram' }, { every: 2 }))
    const answers = network.applyToDatagrams(on(back, { kind: 'drop-datagram' }, { first: 1 }))
    const { send, answers: got } = await client()
    for (const text of ['a', 'b', 'c', 'd', 'e']) {
      send(text)
      await settled(() => arrived.length + got.length)
    }
    expect([arrived, got, there.hits, answers.hits]).toEqual([['a', 'c', 'e'], ['C', 'E'], 2, 1])
    const links = network.statistics()
    expect([links.get('clients>n1')?.hits, links.get('n1>clients')?.hits]).toEqual([2, 1])
  })

  test('a datagram is lost with the given probability, and the same datagrams are lost for the same seed', async () => {
    const run = async (seed: number) => {
      const { network, client, arrived } = await served({ seed })
      const fault = network.applyToDatagrams(on(to, { kind: 'drop-datagram' }, { probability: 0.3 }))
      const { send } = await client()
      for (let i = 0; i < 50; i++) {
        send(String(i))
        await eventually(() => arrived.length + fault.hits === i + 1)
      }
      return arrived.join()
    }
    const first = await run(5)
    expect(await run(5)).toBe(first)
    expect(await run(6)).not.toBe(first)
  })

  test('is duplicated', async () => {
    const { network, client, arrived } = await served()
    network.applyToDatagrams(on(to, { kind: 'duplicate-datagram', copies: 2 }, { nth: 1 }))
    const { send } = await client()
    send('x')
    await eventually(() => arrived.length === 3)
    send('y')
    await eventually(() => arrived.length === 4)
    expect(arrived).toEqual(['x', 'x', 'x', 'y'])
  })

  test('a reordered datagram is overtaken by the given number of later datagrams, or released at its time limit', async () => {
    const clock = new ManualClock()
    const { network, client, arrived } = await served({ clock })
    network.applyToDatagrams(on(to, { kind: 'reorder-datagram', behind: 2, withinMs: millis(100) }, { every: 4 }))
    const { send } = await client()
    for (const [i, text] of ['1', '2', '3', '4', '5', '6', '7', '8'].entries()) {
      send(text)
      await eventually(() => (network.statistics().get('clients>n1')?.chunks ?? 0) === i + 1)
    }
    await eventually(() => arrived.length === 7)
    clock.advance(100)
    await eventually(() => arrived.length === 8)
    expect(arrived.join('')).toBe('12356478')
  })

  test('a later datagram may overtake a delayed datagram', async () => {
    const clock = new ManualClock()
    const { network, client, arrived } = await served({ clock })
    const slow = network.applyToDatagrams(
      on(to, { kind: 'delay-datagram', delayMs: millis(100), jitterMs: millis(0) }, { first: 1 }),
    )
    const { send } = await client()
    send('first')
    await eventually(() => slow.hits === 1)
    send('second')
    await eventually(() => arrived.length === 1)
    clock.advance(100)
    await eventually(() => arrived.length === 2)
    expect(arrived).toEqual(['second', 'first'])
  })

  test('a delayed datagram is released immediately when its fault is removed', async () => {
    const clock = new ManualClock()
    const { network, client, arrived } = await served({ clock })
    const slow = network.applyToDatagrams(on(to, { kind: 'delay-datagram', delayMs: millis(1e6), jitterMs: millis(0) }))
    const { send } = await client()
    send('x')
    await eventually(() => slow.hits === 1)
    slow.remove()
    slow.remove()
    await eventually(() => arrived.length === 1)
  })

  test('a corrupted datagram has flipped bits and keeps its length', async () => {
    const { network, client, arrived } = await served()
    const fault = network.applyToDatagrams(on(to, { kind: 'corrupt-datagram', bits: 1 }))
    const { send } = await client()
    send('aaaa')
    await eventually(() => arrived.length === 1)
    expect([arrived[0] === 'aaaa', Buffer.from(arrived[0] ?? '').length >= 4, fault.hits]).toEqual([false, true, 1])
  })
})

test('a partition drops datagrams, and does not hold them', async () => {
  const { network, client, arrived } = await served()
  const cut = network.apply(hold(to))
  const { send } = await client()
  send('lost')
  await eventually(() => cut.hits === 1)
  cut.remove()
  send('found')
  await eventually(() => arrived.length === 1)
  expect(arrived).toEqual(['found'])
})

test('UDP sessions are limited in number, and discarded when idle', async () => {
  const clock = new ManualClock()
  const { client, route } = await served({ clock, maxSessions: 2, idleMs: 1000 })
  for (let i = 1; i <= 4; i++) {
    const { send, answers } = await client()
    send(`client ${i}`)
    await eventually(() => answers.length === 1)
    clock.advance(100)
  }
  expect(route.liveSessions).toBe(2)
  clock.advance(800)
  expect(route.liveSessions).toBe(1)
  clock.advance(1000)
  expect([route.liveSessions, clock.armed]).toEqual([0, 0])
})

test('waiting datagrams are limited in memory, and datagrams beyond the limit are lost', async () => {
  const clock = new ManualClock()
  const { client, network, arrived } = await served({ clock, maxWaitingBytes: 10 })
  network.applyToDatagrams(on(to, { kind: 'delay-datagram', delayMs: millis(10), jitterMs: millis(0) }))
  const { send } = await client()
  for (let i = 0; i < 3; i++) {
    send('12345')
    await eventually(() => network.statistics().get('clients>n1')?.chunks === i + 1)
  }
  expect(network.statistics().get('clients>n1')?.droppedBytes).toBe(5)
  clock.advance(10)
  await eventually(() => arrived.length === 2)
})

test('a UDP route without a server causes no error, and frees its port when it is closed', async () => {
  const created = network()
  const route = await created.datagramRoute({ from: 'clients', to: 'n1', upstream: { host: '127.0.0.1', port: 1 } })
  const sender = await bound(() => undefined)
  for (let i = 0; i < 3; i++) sender.send('x', route.port, route.host)
  await eventually(() => created.statistics().get('clients>n1')?.chunks === 3)
  await created.close()
  const again = await network().datagramRoute({ from: 'a', to: 'b', upstream: route, listen: { port: route.port } })
  expect(again.port).toBe(route.port)
  const taken = network().datagramRoute({ from: 'a', to: 'b', upstream: route, listen: { port: again.port } })
  await expect(taken).rejects.toThrow('the port is taken')
})

test('datagram faults with impossible numbers are refused', () => {
  const apply = (fault: DatagramFault) => () => network().applyToDatagrams(fault)
  expect(apply(on(to, { kind: 'duplicate-datagram', copies: 0 }))).toThrow('"copies" is 0')
  expect(apply(on(to, { kind: 'drop-datagram' }, { probability: 2 }))).toThrow('"probability" is 2')
  expect(apply(on(to, { kind: 'drop-datagram' }, { client: 'nobody' }))).toThrow('Give an address')
  expect(apply(on(to, { kind: 'delay-datagram', delayMs: millis(Number.NaN), jitterMs: millis(0) }))).toThrow('delayMs')
})
