import cluster from 'node:cluster'
import { once } from 'node:events'
import { millis } from '@chaosproxy/history'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Network } from '../src/network/network.ts'
import { createWorkerNetwork } from '../src/workers/worker-network.ts'
import { dial, echo, eventually, hold, links, Received, startDialling } from './sockets.ts'

// Starting processes takes longer than anything done with them here.
let network: Network
beforeAll(async () => {
  network = await createWorkerNetwork({ seed: 1, workers: 2 })
})
afterAll(() => network.close())

test('connections are spread over the workers, and get their own bytes back', async () => {
  const route = await network.route({ from: 'clients', to: 'n1', upstream: await echo() })
  const clients = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => {
      const client = new Received(await dial(route))
      client.socket.write(`client ${i}`)
      return client.until((r) => r.text === `client ${i}`)
    }),
  )
  await eventually(() => route.liveConnections === 10)
  for (const client of clients) client.socket.end()
  await Promise.all(clients.map((client) => client.until((r) => r.closed)))
  await eventually(() => network.statistics().get('clients>n1')?.liveConnections === 0)
  expect(network.statistics().get('clients>n1')).toMatchObject({ bytes: 80, deliveredBytes: 80, connections: 10 })
  await route.close()
  const refused = await new Received(startDialling(route)).until((r) => r.closed)
  expect(refused.error).toBe('ECONNREFUSED')
})

test('a fault applies in every worker once the network has settled, and so does its removal', async () => {
  const route = await network.route({ from: 'clients', to: 'n2', upstream: await echo() })
  const both = links.both.map(({ from, to }) => ({ from: from === 'n1' ? 'n2' : from, to: to === 'n1' ? 'n2' : to }))
  const clients: Received[] = []
  for (let i = 0; i < 6; i++) {
    clients.push(new Received(await dial(route)))
    clients[i]?.socket.write('.')
    await clients[i]?.until((r) => r.length === 1)
  }
  const cut = network.apply(hold(both))
  await network.settled()
  for (const client of clients) client.socket.write('held')
  await eventually(() => cut.hits === 6)
  expect(clients.map((client) => client.text)).toEqual(Array(6).fill('.'))
  cut.update({ ...hold(both), when: { probability: 0 } })
  await network.settled()
  await Promise.all(clients.map((client) => client.until((r) => r.text === '.held')))
  cut.remove()
  await network.settled()
  expect(cut.hits).toBe(6)
  const reset = network.apply({ kind: 'reset', links: both })
  await Promise.all(clients.map((client) => client.until((r) => r.closed)))
  await network.settled()
  expect([reset.hits, clients.map((client) => client.error)]).toEqual([6, Array(6).fill('ECONNRESET')])
  await route.close()
})

test('a worker that dies is replaced by one with the routes and the faults', async () => {
  const route = await network.route({ from: 'clients', to: 'n4', upstream: await echo() })
  const cut = network.apply(hold([{ from: 'clients', to: 'n4' }]))
  await network.settled()
  const [victim] = Object.values(cluster.workers ?? {})
  const successor = once(cluster, 'fork')
  victim?.process.kill('SIGKILL')
  await successor
  await network.settled()
  const clients: Received[] = []
  for (let i = 0; i < 4; i++) {
    clients.push(new Received(await dial(route)))
    clients[i]?.socket.write('held')
  }
  await eventually(() => cut.hits >= 4)
  expect(clients.map((client) => client.text)).toEqual(Array(4).fill(''))
  cut.remove()
  await Promise.all(clients.map((client) => client.until((r) => r.text === 'held')))
})

test('a port in use is reported', async () => {
  const { port } = await echo()
  await expect(network.route({ from: 'clients', to: 'n3', listen: { port } })).rejects.toThrow('the port is taken')
})

test('a setting that needs a single process is refused', async () => {
  const upstream = await echo()
  await expect(
    network.route({ from: 'a', to: 'b', upstream, intercept: () => expect.fail('never called') }),
  ).rejects.toThrow('needs all connections in one process')
  expect(() => network.apply({ ...hold(links.to), when: { nth: 1 } })).toThrow('a trigger that counts connections')
  expect(() => network.apply({ kind: 'bandwidth', bytesPerSecond: 1, shared: true, links: links.to })).toThrow(
    'a shared bandwidth',
  )
  expect(() => network.apply({ kind: 'latency', latencyMs: millis(-1), jitterMs: millis(0), links: links.to })).toThrow(
    '"latencyMs" is -1',
  )
  await expect(createWorkerNetwork({ seed: 1, workers: 0 })).rejects.toThrow('not a number of processes')
})
