import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { cleanUp, dial, eventually, Received } from '../../../../testing/src/sockets.ts'
import { httpRouteTo, keyValueService } from '../../http/live.ts'

type Fault = Parameters<Awaited<ReturnType<typeof httpRouteTo>>['apply']>[0]

/** A WebSocket server that echoes, and greets at once if asked to, so that frames follow the 101 immediately. */
async function echoService({ greets = true } = {}) {
  const server = createServer((_, reply) => reply.end('plain'))
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const service = new WebSocketServer({ server })
  service.on('connection', (socket, request) => {
    socket.on('error', () => undefined)
    if (greets) socket.send(`hi ${request.headers['x-a'] ?? ''}`)
    socket.on('message', (data) => socket.send(String(data)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => {
    for (const socket of service.clients) socket.terminate()
    server.closeAllConnections()
    server.close()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, sockets }
}

/**
 * Connects, and exchanges a message. Returns the received messages, and the status or the error of a failed upgrade.
 */
function converse(port: number, greets: boolean) {
  return new Promise<{ readonly got: readonly string[]; readonly status?: number; readonly error?: string }>(
    (resolve) => {
      const got: string[] = []
      const client = new WebSocket(`ws://127.0.0.1:${port}/x`)
      cleanUp(() => client.terminate())
      client.on('open', () => client.send('echo'))
      client.on('message', (data) => {
        got.push(String(data))
        if (got.length === (greets ? 2 : 1)) resolve({ got })
      })
      client.on('unexpected-response', (_, reply) => resolve({ got, status: reply.statusCode ?? 0 }))
      client.on('error', (error) => resolve({ got, error: error.message }))
    },
  )
}

const SPARED: readonly Fault[] = [
  { kind: 'trickle-reply', pieceBytes: 1, pauseMs: 1 },
  { kind: 'truncate-reply', bytes: 0 },
  { kind: 'stale-reply' },
  { kind: 'reorder-replies', withinMs: 20 },
  { kind: 'edit-reply', body: 'no body' },
  { kind: 'duplicate-request' },
]
const ACTING: readonly Fault[] = [
  { kind: 'delay-request', delayMs: 5 },
  { kind: 'delay-reply', delayMs: 5 },
  { kind: 'edit-reply', headers: { 'X-B': '1' } },
  { kind: 'trickle-request' },
]

describe.each([true, false])('a WebSocket upgrade with a server that sends first: %s', (greets) => {
  test.each(SPARED)('the fault %o leaves a WebSocket upgrade unchanged, and reports the reason', async (fault) => {
    const service = await echoService({ greets })
    const { route, apply } = await httpRouteTo(service)
    const applied = apply(fault)
    expect(await converse(route.port, greets)).toEqual({ got: greets ? ['hi ', 'echo'] : ['echo'] })
    expect(applied).toMatchObject({ hits: 0, missed: 1, missedBecause: expect.stringContaining('protocol') })
  })

  test.each(ACTING)('an upgrade succeeds under the fault %o, and the fault acts on the upgrade', async (fault) => {
    const service = await echoService({ greets })
    const { route, apply } = await httpRouteTo(service)
    const applied = apply(fault)
    expect(await converse(route.port, greets)).toEqual({ got: greets ? ['hi ', 'echo'] : ['echo'] })
    expect(applied).toMatchObject({ hits: 1, missed: 0 })
  })

  test.each<[Fault, number]>([
    [{ kind: 'error-status' }, 503],
    [{ kind: 'error-status', after: 'forwarding' }, 503],
    [{ kind: 'edit-reply', status: 403 }, 403],
    [{ kind: 'edit-reply', status: 200, headers: { 'X-A': '1' }, body: 'no' }, 200],
  ])('an upgrade is refused under the fault %o, and the server is disconnected', async (fault, status) => {
    const service = await echoService({ greets })
    const { route, apply } = await httpRouteTo(service)
    const applied = apply(fault)
    expect(await converse(route.port, greets)).toEqual({ got: [], status })
    expect(applied.hits).toBe(1)
    // If the upgrade request never reached the server, the connection to the server still carries HTTP and stays open.
    if (fault.kind !== 'error-status' || 'after' in fault) await eventually(() => service.sockets.size === 0)
  })

  test.each<Fault>([{ kind: 'lose-request' }, { kind: 'lose-reply' }, { kind: 'crash-before-reply' }])(
    'an upgrade fails under the fault %o, which disconnects both ends',
    async (fault) => {
      const service = await echoService({ greets })
      const { route, apply } = await httpRouteTo(service)
      apply(fault)
      expect(await converse(route.port, greets)).toMatchObject({
        got: [],
        error: expect.stringMatching(/ECONNRESET|hang up/),
      })
      await eventually(() => service.sockets.size === 0)
    },
  )
})

test('a client receives no bytes if the reply to its upgrade is lost', async () => {
  const service = await echoService()
  const { route, apply } = await httpRouteTo(service)
  const applied = apply({ kind: 'lose-reply', silence: 'hang' })
  const client = new Received(await dial(route))
  client.socket.write(
    'GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await eventually(() => applied.hits === 1)
  client.socket.end()
  await client.until(({ closed }) => closed)
  expect(client.length).toBe(0)
})

test('under a fault, a connection stays in HTTP if the server declines an upgrade', async () => {
  const service = await keyValueService()
  const { route, apply } = await httpRouteTo(service)
  const applied = apply({ kind: 'edit-reply', headers: { 'X-B': '1' } })
  const client = new Received(await dial(route))
  client.socket.write('GET /kv/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
  await client.until(({ text }) => text.includes('nothing there'))
  client.socket.write('GET /kv/y HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.until(({ text }) => text.split('nothing there').length === 3)
  expect(client.text.match(/X-B: 1/g)).toHaveLength(2)
  expect(applied).toMatchObject({ hits: 2, missed: 0 })
  client.socket.destroy()
})

test.each(['delay-request', 'delay-reply'] as const)(
  '%s passes on a message without a body after the delay',
  async (kind) => {
    const service = await keyValueService()
    const { route, apply, client } = await httpRouteTo(service)
    apply({ kind, delayMs: 5 })
    const dialled = new Received(await dial(route))
    dialled.socket.write('HEAD /kv/x HTTP/1.1\r\nHost: a\r\n\r\nGET /kv/x HTTP/1.1\r\nHost: a\r\n\r\n')
    await dialled.until(({ text }) => text.includes('nothing there'))
    await eventually(() => client.events.length === 2)
    expect(client.events.map(({ type }) => type)).toEqual(['invoke', 'ok'])
    dialled.socket.destroy()
  },
)
