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
  // What was held is lost; a stream that ends here must not look whole.
  for (const client of clients) client.socket.write('held')
  proxy.child.kill('SIGKILL')
  await once(proxy.child, 'exit')
  for (const end of [...clients, ...accepted]) await end.until((r) => r.closed || r.ended)
  for (const client of clients) {
    // After an end, the first write learns nothing; the reset that answers it is what the next one meets.
    await eventually(() => {
      if (!client.closed) client.socket.write('into nothing')
      return client.closed
    })
    expect(['ECONNRESET', 'EPIPE']).toContain(client.error)
  }
  const refused = await new Received(startDialling(route)).until((r) => r.closed)
  expect(refused.error).toBe('ECONNREFUSED')
})
