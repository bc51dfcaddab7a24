import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import {
  cleanUp,
  dial,
  echo,
  eventually,
  Received,
  routeTo,
  serve,
  settled,
  startDialling,
} from '../../../testing/src/sockets.ts'

test('bytes sent through the proxy to an echo server return unchanged', async () => {
  const { route } = await routeTo(await echo())
  const client = await dial(route)
  const received = new Received(client)
  const sent = randomBytes(3_000_000)
  client.end(sent)
  await received.until((r) => r.ended)
  expect(received.bytes.equals(sent)).toBe(true)
})

test('a client that has ended its stream still gets its reply', async () => {
  const server = await serve(async (socket) => {
    const request = await new Received(socket).until((r) => r.ended)
    socket.end(`you said ${request.text}`)
  })
  const { route } = await routeTo(server)
  const client = await dial(route)
  const received = new Received(client)
  client.end('hello')
  await received.until((r) => r.closed)
  expect([received.text, received.error]).toEqual(['you said hello', undefined])
})

test('a server that has ended its stream still receives the rest of the request', async () => {
  let request: Received | undefined
  const server = await serve((socket) => {
    request = new Received(socket)
    socket.end('first word')
  })
  const { route } = await routeTo(server)
  const client = await dial(route)
  await new Received(client).until((r) => r.ended)
  client.end('last word')
  await request?.until((r) => r.closed)
  expect(request?.text).toBe('last word')
})

test('an RST from the server reaches the client as an RST', async () => {
  const server = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()))
  const { route } = await routeTo(server)
  const client = await dial(route)
  const received = new Received(client)
  client.write('x')
  await received.until((r) => r.closed)
  expect(received.error).toBe('ECONNRESET')
})

test('an RST from the client reaches the server as an RST', async () => {
  let server: Received | undefined
  const { route } = await routeTo(
    await serve((socket) => {
      server = new Received(socket)
      socket.write('ready')
    }),
  )
  const client = await dial(route)
  await new Received(client).until((r) => r.length > 0)
  client.resetAndDestroy()
  await eventually(() => server?.closed === true)
  expect(server?.error).toBe('ECONNRESET')
})

test('a client whose upstream refuses connections gets an RST, not an orderly end', async () => {
  const server = await serve(() => undefined)
  server.server.close()
  await once(server.server, 'close')
  const { route } = await routeTo(server)
  const received = await new Received(startDialling(route)).until((r) => r.closed)
  expect([received.error, received.ended]).toEqual(['ECONNRESET', false])
})

test('a route without an upstream resets its clients until an upstream is set', async () => {
  const { route } = await routeTo(undefined)
  const refused = await new Received(startDialling(route)).until((r) => r.closed)
  expect(refused.error).toBe('ECONNRESET')

  route.setUpstream(await echo())
  const client = await dial(route)
  client.write('there?')
  expect((await new Received(client).until((r) => r.length === 6)).text).toBe('there?')
})

test('a new upstream of a route serves only new connections', async () => {
  const first = await serve((socket) => socket.on('data', () => socket.write('first ')))
  const second = await serve((socket) => socket.on('data', () => socket.write('second')))
  const { route } = await routeTo(first)
  const old = new Received(await dial(route))
  old.socket.write('?')
  await old.until((r) => r.length === 6)
  route.setUpstream(second)
  const young = new Received(await dial(route))
  young.socket.write('?')
  old.socket.write('?')
  await young.until((r) => r.length === 6)
  await old.until((r) => r.length === 12)
  expect([old.text, young.text]).toEqual(['first first ', 'second'])
})

test('a client that does not read pauses the server, and later gets all bytes', async () => {
  let sent = 0
  const chunk = randomBytes(64 * 1024)
  let server: Socket | undefined
  const { route } = await routeTo(
    await serve((socket) => {
      server = socket
      const more = () => {
        while (sent < 64 * 1024 * 1024) {
          sent += chunk.length
          if (!socket.write(chunk)) return
        }
        socket.end()
      }
      socket.on('drain', more)
      more()
    }),
  )
  const client = await dial(route)
  client.pause()
  // The kernel's buffers on loopback hold a few megabytes each. If the server could send all 64 MiB, the proxy would be
  // buffering without bound.
  await eventually(() => server?.writableNeedDrain === true)
  await settled(() => sent)
  expect(sent).toBeLessThan(32 * 1024 * 1024)
  const received = new Received(client)
  client.resume()
  await received.until((r) => r.ended)
  expect(received.length).toBe(64 * 1024 * 1024)
})

test('the reset of a client reaches its server even if the server does not read', async () => {
  let server: Received | undefined
  const { network, route } = await routeTo(
    await serve((socket) => {
      socket.pause()
      server = new Received(socket)
      socket.pause()
    }),
  )
  const client = await dial(route)
  // More bytes than all buffers on the way can hold, so that the proxy stops reading.
  client.write(randomBytes(32 * 1024 * 1024))
  await eventually(() => server !== undefined && route.liveConnections === 1)
  await settled(() => network.statistics().get('clients>n1')?.bytes ?? 0)
  client.resetAndDestroy()
  await eventually(() => route.liveConnections === 0)
  server?.socket.resume()
  await server?.until((r) => r.closed)
  expect(server?.ended).toBe(false)
})

test('a client whose dial to the upstream hangs delays no other client', async () => {
  // 192.0.2.0/24 is reserved for documentation. A dial gets no answer, or the system reports at once that there is no
  // route.
  const { network, route } = await routeTo({ host: '192.0.2.1', port: 9 })
  const stuck = await dial(route)
  stuck.on('error', () => undefined)
  cleanUp(() => void stuck.destroy())
  const other = await network.route({ from: 'clients', to: 'n2', upstream: await echo() })
  route.setUpstream(await echo())
  for (const reachable of [other, route]) {
    const client = await dial(reachable)
    client.write('now')
    expect((await new Received(client).until((r) => r.length === 3)).text).toBe('now')
  }
})

test('an RST right after data reaches the client as an RST, not as an orderly end', async () => {
  for (let round = 0; round < 20; round++) {
    const bytes = randomBytes(100_000)
    const { network, route } = await routeTo(
      await serve((socket) => socket.once('data', () => socket.write(bytes, () => socket.resetAndDestroy()))),
    )
    const client = new Received(await dial(route))
    client.socket.write('x')
    await client.until((r) => r.closed || r.ended)
    expect([client.ended, client.error]).toEqual([false, 'ECONNRESET'])
    await network.close()
  }
})
