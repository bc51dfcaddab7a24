import { once } from 'node:events'
import { UserError } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import {
  dial,
  echo,
  eventually,
  network,
  pairOf,
  Received,
  serve,
  startDialling,
} from '../../../testing/src/sockets.ts'
import { createNetwork } from '../../src/network/network.ts'

test('closing a network resets every connection at both ends and frees every port', async () => {
  const accepted: Received[] = []
  const created = network()
  const server = await serve((socket) => accepted.push(new Received(socket)))
  const routes = await Promise.all(
    ['n1', 'n2', 'n3'].map((to) => created.route({ from: 'clients', to, upstream: server })),
  )
  const clients: Received[] = []
  for (const route of routes) clients.push(new Received(await dial(route)))
  await eventually(() => accepted.length === 3)
  created.apply({ kind: 'partition', links: pairOf('clients', 'n2'), mode: 'hold' })
  clients[1]?.socket.write('held')
  await created.close()
  await created.close()
  for (const end of [...clients, ...accepted]) {
    await end.until((r) => r.closed)
    expect(end.error).toBe('ECONNRESET')
  }
  for (const route of routes) {
    const refused = startDialling(route)
    const [error] = await once(refused, 'error')
    expect(error.code).toBe('ECONNREFUSED')
  }
})

test('closing a network while a route opens leaves no port open', async () => {
  const created = createNetwork({ seed: 1 })
  const opening = created.route({ from: 'clients', to: 'n1' })
  await created.close()
  const [error] = await once(startDialling(await opening), 'error')
  expect(error.code).toBe('ECONNREFUSED')
  await expect(created.route({ from: 'clients', to: 'n1' })).rejects.toThrow('the network is closed')
})

test('a port in use is reported with advice', async () => {
  const { port } = await echo()
  const created = network()
  const opening = created.route({ from: 'clients', to: 'n1', listen: { port } })
  await expect(opening).rejects.toThrow(UserError)
  await expect(opening).rejects.toThrow(
    `proxy route clients>n1: cannot listen on 127.0.0.1:${port}: the port is taken.`,
  )
  await expect(opening).rejects.toMatchObject({ code: 'environment' })
})

test.each([-1, 65_536, 1.5, Number.NaN])('port %s is refused for listening and for an upstream', async (port) => {
  const created = network()
  await expect(created.route({ from: 'clients', to: 'n1', listen: { port } })).rejects.toThrow('the listening port is')
  await expect(created.route({ from: 'clients', to: 'n1', upstream: { host: '127.0.0.1', port } })).rejects.toThrow(
    'the upstream port is',
  )
  const route = await created.route({ from: 'clients', to: 'n1' })
  expect(() => route.setUpstream({ host: '127.0.0.1', port })).toThrow('the upstream port is')
})

test('a route from an endpoint to itself is refused', async () => {
  await expect(network().route({ from: 'n1', to: 'n1' })).rejects.toThrow('both endpoints are the same')
})

test('a client gets an RST if the name of the upstream does not resolve', async () => {
  const created = network()
  const route = await created.route({
    from: 'clients',
    to: 'n1',
    upstream: { host: 'no-such-host.invalid', port: 1 },
  })
  const client = await new Received(startDialling(route)).until((r) => r.closed)
  expect(client.error).toBe('ECONNRESET')
})

test('statistics count bytes, reads, connections and hits of each direction separately', async () => {
  const created = network()
  const route = await created.route({ from: 'clients', to: 'n1', upstream: await echo() })
  const client = new Received(await dial(route))
  client.socket.write('four')
  await client.until((r) => r.length === 4)
  const cut = created.apply({ kind: 'partition', links: [{ from: 'clients', to: 'n1' }], mode: 'hold' })
  client.socket.write('seven77')
  await eventually(() => cut.hits === 1)
  expect(Object.fromEntries(created.statistics())).toEqual({
    'clients>n1': {
      bytes: 11,
      chunks: 2,
      deliveredBytes: 4,
      droppedBytes: 0,
      connections: 1,
      liveConnections: 1,
      failedDials: 0,
      failedAccepts: 0,
      hits: 1,
    },
    'n1>clients': {
      bytes: 4,
      chunks: 1,
      deliveredBytes: 4,
      droppedBytes: 0,
      connections: 1,
      liveConnections: 1,
      failedDials: 0,
      failedAccepts: 0,
      hits: 0,
    },
  })
})
