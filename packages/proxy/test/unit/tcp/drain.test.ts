import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { dial, echo, eventually, network, Received } from '../../../../testing/src/sockets.ts'
import { httpRouteTo, serveHttp } from '../../http/live.ts'

test('a draining route accepts no new connections, and ends after all open connections have ended', async () => {
  const created = network()
  const route = await created.route({ from: 'clients', to: 'n1', upstream: await echo() })
  const client = new Received(await dial(route))
  client.socket.write('one')
  await client.until(({ text }) => text === 'one')
  const drained = created.drain?.(60_000)
  await expect(dial(route)).rejects.toThrow('ECONNREFUSED')
  client.socket.write(' two')
  await client.until(({ text }) => text === 'one two')
  client.socket.end()
  await drained
  expect(client.error).toBeUndefined()
})

test('draining a route ends after a time limit even if a connection stays open', async () => {
  const created = network()
  const route = await created.route({ from: 'clients', to: 'n1', upstream: await echo() })
  const client = new Received(await dial(route))
  client.socket.write('one')
  await client.until(({ text }) => text === 'one')
  await created.drain?.(30)
  expect(route.liveConnections).toBe(1)
})

test('a draining HTTP connection ends after its request, and immediately if it is idle', async () => {
  const slow: ServerResponse[] = []
  const service = await serveHttp(({ url }, reply) => {
    if (url === '/slow') slow.push(reply)
    else reply.end('done')
  })
  const { route, network: created } = await httpRouteTo(service)
  const [idle, busy] = [new Received(await dial(route)), new Received(await dial(route))]
  idle.socket.write('GET /quick HTTP/1.1\r\nHost: a\r\n\r\n')
  await idle.until(({ text }) => text.endsWith('done'))
  busy.socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
  await eventually(() => slow.length === 1)
  const drained = created.drain?.(60_000)
  await idle.until(({ ended }) => ended)
  expect(busy.closed).toBe(false)
  slow[0]?.end('done')
  await busy.until(({ ended }) => ended)
  expect(busy.text).toContain('done')
  await drained
})
