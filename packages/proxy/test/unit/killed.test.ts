import { once } from 'node:events'
import { expect, test } from 'vitest'
import { dial, eventually, hold, links, Received, serve, startDialling } from '../../../testing/src/sockets.ts'
import { startProxyProcess } from '../proxy-process.ts'

test('killing the proxy closes both ends of every connection and frees its ports', async () => {
  const accepted: Received[] = []
  const server = await serve((socket) => accepted.push(new Received(socket)))
  const proxy = await startProxyProcess(1)
  const route = await proxy.route('n1', server)
  const clients: Received[] = []
  for (let i = 0; i < 5; i++) clients.push(new Received(await dial(route)))
  await eventually(() => accepted.length === 5)
  await proxy.apply(hold(links.both))
  // The proxy holds these bytes until it is killed, so no stream may look complete.
  for (const client of clients) client.socket.write('held')
  proxy.child.kill('SIGKILL')
  await once(proxy.child, 'exit')
  for (const end of [...clients, ...accepted]) await end.until((r) => r.closed || r.ended)
  for (const client of clients) {
    // After an orderly end, the first write succeeds. The peer answers it with a reset, which the next write reports.
    await eventually(() => {
      if (!client.closed) client.socket.write('into nothing')
      return client.closed
    })
    expect(['ECONNRESET', 'EPIPE']).toContain(client.error)
  }
  const refused = await new Received(startDialling(route)).until((r) => r.closed)
  expect(refused.error).toBe('ECONNREFUSED')
})
