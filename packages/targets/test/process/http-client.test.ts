import { createServer, type Server, type Socket } from 'node:net'
import { type Completion, millis } from '@chaosproxy/history'
import type { Request } from '@chaosproxy/runner'
import { afterEach, describe, expect, test } from 'vitest'
import { createHttpClient, parseResponse } from '../../src/node/http-client.ts'

const read: Request = { input: { f: 'read', key: 'x', value: null }, harmless: true }
const write: Request = { input: { f: 'write', key: 'x', value: 1 }, harmless: false }
const cas: Request = { input: { f: 'cas', key: 'x', value: [1, 2] }, harmless: false }

const open: { close(): void }[] = []
afterEach(() => {
  for (const resource of open.splice(0)) resource.close()
})

/** A server that handles each request as the test chooses. */
async function serve(respond: (socket: Socket, request: string) => void) {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      requests.push(String(chunk))
      respond(socket, String(chunk))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  open.push({
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  })
  return { port: (server.address() as { port: number }).port, requests, sockets }
}

function client(port: number, life = { number: 1, alive: true }) {
  const created = createHttpClient({ node: 'n1', host: '127.0.0.1', port, registers: true, life: () => life })
  open.push(created)
  return {
    close: () => created.close(),
    invoke: (request: Request, timeoutMs = 5000) =>
      new Promise<Completion>((resolve) => {
        created.invoke(request, millis(timeoutMs), resolve)
      }),
  }
}

const response = (status: number, body: string, headers = '') =>
  `HTTP/1.1 ${status} Whatever\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

describe('the outcome of a reply', () => {
  test.each([
    [200, '{"value":{"a":"ü"}}', { type: 'ok', value: { a: 'ü' } }, { type: 'ok', value: { a: 'ü' } }],
    [
      409,
      '{"error":"mismatch"}',
      { type: 'fail', error: 'mismatch', answered: true },
      { type: 'fail', error: 'mismatch', answered: true },
    ],
    [503, '{"error":"unavailable"}', { type: 'fail', error: 'unavailable' }, { type: 'fail', error: 'unavailable' }],
    [503, 'a fault', { type: 'fail', error: 'status 503' }, { type: 'info', error: 'status 503' }],
    [409, '', { type: 'fail', error: 'status 409' }, { type: 'info', error: 'status 409' }],
    [501, '{"error":"unsupported"}', { type: 'fail', error: 'unsupported' }, { type: 'fail', error: 'unsupported' }],
    [504, '{"error":"no majority"}', { type: 'fail', error: 'no majority' }, { type: 'info', error: 'no majority' }],
    [500, 'oops', { type: 'fail', error: 'status 500' }, { type: 'info', error: 'status 500' }],
    [200, 'oops', { type: 'fail' }, { type: 'info' }],
    [200, '{}', { type: 'fail' }, { type: 'info' }],
    [302, '', { type: 'fail', error: 'status 302' }, { type: 'info', error: 'status 302' }],
  ])(
    'a reply with status %d and body %s gives a read the outcome %j, and a write the outcome %j',
    async (status, body, forRead, forWrite) => {
      const { port } = await serve((socket) => socket.write(response(status, body)))
      const asked = client(port)
      expect(await asked.invoke(read)).toMatchObject(forRead)
      expect(await asked.invoke(write)).toMatchObject(forWrite)
      expect(await asked.invoke(cas)).toMatchObject(forWrite)
    },
  )

  test.each([
    ['is not HTTP', 'PONG\r\n\r\n'],
    ['has no length', 'HTTP/1.1 200 OK\r\n\r\n{"value":1}'],
    ['is chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['has bytes behind it', `${response(200, '{"value":1}')}x`],
  ])(
    'the outcome of an HTTP write is unknown if the reply %s, and the connection is not used again',
    async (_, text) => {
      const { port, sockets } = await serve((socket) => socket.write(text))
      const asked = client(port)
      expect(await asked.invoke(write)).toMatchObject({
        type: 'info',
        error: expect.stringMatching(/^unreadable answer/),
      })
      expect(await asked.invoke(read)).toMatchObject({ type: 'fail' })
      expect(sockets.size).toBe(2)
    },
  )
})

describe('the outcome of a request without a reply', () => {
  test('an HTTP request whose connection is refused fails', async () => {
    const { port } = await serve(() => undefined)
    for (const resource of open.splice(0)) resource.close()
    expect(await client(port).invoke(write)).toEqual({ type: 'fail', error: 'connection refused' })
  })

  test('after a reset of the connection, an HTTP write without a reply ends as info, and a read ends as fail', async () => {
    const { port } = await serve((socket) => socket.resetAndDestroy())
    expect(await client(port).invoke(write)).toEqual({ type: 'info', error: 'ECONNRESET' })
    expect(await client(port).invoke(cas)).toMatchObject({ type: 'info' })
    expect(await client(port).invoke(read)).toEqual({ type: 'fail', error: 'ECONNRESET' })
  })

  test('an HTTP write ends as info if the connection closes in the middle of the reply', async () => {
    const { port } = await serve((socket) => socket.end(response(200, '{"value":1}').slice(0, -4)))
    expect(await client(port).invoke(write)).toEqual({ type: 'info', error: 'connection closed' })
  })

  test('an HTTP request fails if the connection is reset while the node is down', async () => {
    const { port } = await serve((socket) => socket.resetAndDestroy())
    expect(await client(port, { number: 2, alive: false }).invoke(write)).toEqual({
      type: 'fail',
      error: 'connection refused',
    })
  })

  test('an HTTP write ends as info if the connection is reset after the node has restarted', async () => {
    const life = { number: 2, alive: false }
    const { port } = await serve((socket) => {
      current = { number: 3, alive: true }
      socket.resetAndDestroy()
    })
    let current = life
    const created = createHttpClient({ node: 'n1', host: '127.0.0.1', port, registers: true, life: () => current })
    open.push(created)
    const completion = await new Promise((resolve) => created.invoke(write, millis(5000), resolve))
    expect(completion).toEqual({ type: 'info', error: 'ECONNRESET' })
  })

  test('an HTTP write ends as info after a timeout, and its connection is closed, so that a late reply is dropped', async () => {
    const { port, sockets } = await serve((socket, request) => {
      if (request.startsWith('GET')) socket.write(response(200, '{"value":2}'))
    })
    const asked = client(port)
    expect(await asked.invoke(write, 20)).toEqual({ type: 'info', error: 'timeout after 20 ms' })
    expect(await asked.invoke(read)).toEqual({ type: 'ok', value: 2 })
    expect(sockets.size).toBe(2)
  })

  test('the outcome of an HTTP request without a reply is reported no earlier than the timeout', async () => {
    const { port } = await serve(() => undefined)
    for (let timeoutMs = 1; timeoutMs < 20; timeoutMs++) {
      const since = performance.now()
      await client(port).invoke(write, timeoutMs)
      expect(performance.now() - since).toBeGreaterThanOrEqual(timeoutMs)
    }
  })

  test('an HTTP write ends as info if the client closes before the reply', async () => {
    const { port } = await serve(() => undefined)
    const asked = client(port)
    const completion = asked.invoke(write)
    asked.close()
    expect(await completion).toEqual({ type: 'info', error: 'client closed' })
  })
})

describe('the traffic of an HTTP client', () => {
  test('an HTTP client uses one connection for all requests', async () => {
    const { port, sockets } = await serve((socket) => socket.write(response(200, '{"value":null}')))
    const asked = client(port)
    for (const request of [read, write, cas, read]) await asked.invoke(request)
    expect(sockets.size).toBe(1)
  })

  test('an HTTP client opens a new connection after a reply with "Connection: close"', async () => {
    const { port, sockets } = await serve((socket) =>
      socket.write(response(200, '{"value":1}', 'Connection: close\r\n')),
    )
    const asked = client(port)
    expect(await asked.invoke(write)).toMatchObject({ type: 'ok' })
    expect(await asked.invoke(write)).toMatchObject({ type: 'ok' })
    expect(sockets.size).toBe(2)
  })

  test('an HTTP client sends the expected request line, headers and body for each operation', async () => {
    const { port, requests } = await serve((socket) => socket.write(response(200, '{"value":null}')))
    const asked = client(port)
    await asked.invoke({
      input: { f: 'read', key: 'a/b', value: null },
      harmless: true,
      session: { client: 'c 1', sequence: 3 },
    })
    await asked.invoke({ input: { f: 'write', key: 'x', value: 'ü' }, harmless: false })
    await asked.invoke(cas)
    await asked.invoke({ input: { f: 'enqueue', value: 1 }, harmless: false })
    expect(requests).toEqual([
      'GET /kv/a%2Fb HTTP/1.1\r\nHost: n1\r\nChaos-Session: c%201\r\nChaos-Sequence: 3\r\n\r\n',
      'PUT /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"value":"ü"}',
      'POST /kv/x/cas HTTP/1.1\r\nHost: n1\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"old":1,"new":2}',
      'POST /do HTTP/1.1\r\nHost: n1\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n{"f":"enqueue","value":1}',
    ])
  })

  test('an HTTP client counts a reply only when the last byte of the reply has arrived', () => {
    const bytes = Buffer.from(response(200, '{"value":"ü"}'))
    for (let cut = 0; cut < bytes.length; cut++)
      expect(parseResponse(bytes.subarray(0, cut))).toEqual({ type: 'incomplete' })
    expect(parseResponse(bytes)).toEqual({
      type: 'reply',
      reply: { status: 200, body: '{"value":"ü"}' },
      reusable: true,
    })
  })
})
