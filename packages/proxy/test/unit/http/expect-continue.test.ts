import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { dial, eventually, Received } from '../../../../testing/src/sockets.ts'
import { httpRouteTo, serveHttp, textOf } from '../../http/live.ts'

const HEAD = 'PUT /kv/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'
type Fault = Parameters<Awaited<ReturnType<typeof httpRouteTo>>['apply']>[0]

/** A server that sends 100, and then responds with the body that it got. `early` may respond before the 100 instead. */
async function service(early?: (reply: ServerResponse) => void) {
  const seen: { readonly body: string; readonly expect: string | undefined }[] = []
  const answer = async (request: IncomingMessage, reply: ServerResponse) => {
    const body = await textOf(request).catch(() => undefined)
    if (body === undefined) return
    seen.push({ body, expect: request.headers.expect })
    reply.end(`got ${body}`)
  }
  const served = await serveHttp(answer)
  served.server.on('checkContinue', (request: IncomingMessage, reply: ServerResponse) => {
    if (early !== undefined) {
      early(reply)
      return
    }
    reply.writeContinue()
    void answer(request, reply)
  })
  return { ...served, seen }
}

/**
 * A client that sends its body only after it got a 100, as RFC 9110 §10.1.1 allows. `before` is sent in front of the
 * request.
 */
async function askPatiently(port: number, done: (received: Received) => boolean, before = '') {
  const client = new Received(await dial({ host: '127.0.0.1', port }))
  client.socket.write(before + HEAD)
  await client.until((received) => received.text.includes(' 100 ') || done(received) || received.closed)
  if (client.text.includes(' 100 ')) client.socket.write('hello')
  await client.until((received) => done(received) || received.closed)
  client.socket.destroy()
  return client
}

const says = (text: string) => (received: Received) => received.text.includes(text)
const never = () => false

describe('a client that waits for 100 Continue', () => {
  test.each<[Fault, string]>([
    [{ kind: 'edit-request', headers: { 'X-A': '1' } }, 'got hello'],
    [{ kind: 'edit-request', headers: { Expect: null } }, 'got hello'],
    [{ kind: 'edit-request', body: 'longer body' }, 'got longer body'],
    [{ kind: 'duplicate-request' }, 'got hello'],
    [{ kind: 'trickle-request', pieceBytes: 1, pauseMs: 1 }, 'got hello'],
    [{ kind: 'delay-request', delayMs: 5 }, 'got hello'],
    [{ kind: 'crash-before-reply', match: { body: 'none like it' } }, 'got hello'],
    [{ kind: 'error-status', match: { body: 'none like it' } }, 'got hello'],
    [{ kind: 'error-status', match: { body: 'hello' } }, '503'],
    [{ kind: 'edit-request', body: 'new', match: { body: 'hello' } }, 'got new'],
    [{ kind: 'error-status', after: 'forwarding' }, '503'],
    [{ kind: 'edit-reply', headers: { 'X-A': '1' } }, 'got hello'],
    [{ kind: 'trickle-reply', pieceBytes: 2, pauseMs: 1 }, 'got hello'],
  ])(
    'under the fault %o, a client that waits for 100 Continue gets it, and then sends its body',
    async (fault, text) => {
      const { port } = await service()
      const { route, apply } = await httpRouteTo({ host: '127.0.0.1', port })
      apply(fault)
      const client = await askPatiently(route.port, says(text))
      expect(client.text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 [25]/)
      expect(client.text).toContain(text)
    },
  )

  test.each<[Fault, number]>([
    [{ kind: 'error-status' }, 503],
    [{ kind: 'error-status', status: 413 }, 413],
    [{ kind: 'rate-limit', requestsPerSecond: 1, burst: 1 }, 429],
  ])(
    'a client that waits for 100 Continue gets the error response of the fault %o instead, and is disconnected',
    async (fault, status) => {
      const { port, seen } = await service()
      const { route, apply } = await httpRouteTo({ host: '127.0.0.1', port })
      apply(fault)
      if (fault.kind === 'rate-limit') await askPatiently(route.port, says('got hello'))
      const client = await askPatiently(route.port, ({ ended }) => ended)
      expect(client.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nConnection: close\r\n`))
      expect(seen).toHaveLength(fault.kind === 'rate-limit' ? 1 : 0)
    },
  )

  test('a client that got an early response gets no response to a request that it sends after the body', async () => {
    const { port, seen } = await service()
    const { route, apply } = await httpRouteTo({ host: '127.0.0.1', port })
    const fault = apply({ kind: 'error-status', when: { first: 1 } })
    const client = new Received(await dial(route))
    client.socket.write(HEAD)
    await client.until(says('503'))
    client.socket.end('helloGET /kv/x HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.until(({ closed }) => closed)
    expect(client.text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(fault.hits).toBe(1)
    expect(seen).toEqual([])
  })

  test.each<Fault>([{ kind: 'lose-request' }, { kind: 'crash-before-reply' }, { kind: 'lose-reply' }])(
    'the fault %o disconnects a client that waits for 100 Continue',
    async (fault) => {
      const { port } = await service()
      const { route, apply } = await httpRouteTo({ host: '127.0.0.1', port })
      apply(fault)
      const client = await askPatiently(route.port, never)
      expect(client.error).toBe('ECONNRESET')
      expect(client.text).toBe(fault.kind === 'lose-request' ? '' : 'HTTP/1.1 100 Continue\r\n\r\n')
    },
  )

  test('the proxy sends 100 Continue only after the earlier responses', async () => {
    const { port } = await service()
    const { route, apply } = await httpRouteTo({ host: '127.0.0.1', port })
    apply({ kind: 'error-status', match: { method: 'PUT', body: 'hello' } })
    apply({ kind: 'delay-reply', delayMs: 20, match: { method: 'GET' } })
    const client = await askPatiently(route.port, says('503'), 'GET /kv/a HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(client.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 100', 'HTTP/1.1 503'])
  })

  test('a client gets the refusal of the server even while a fault holds the body of the request', async () => {
    for (const fault of [
      { kind: 'edit-request', headers: { 'X-A': '1' } },
      { kind: 'edit-request', body: 'new' },
      { kind: 'duplicate-request' },
      { kind: 'trickle-request' },
    ] as const) {
      const { port } = await service((reply) => reply.writeHead(413, { Connection: 'close' }).end('too large'))
      const { route, apply } = await httpRouteTo({ host: '127.0.0.1', port })
      apply(fault)
      const client = await askPatiently(route.port, says('too large'))
      expect(client.text).toMatch(/^HTTP\/1\.1 413/)
    }
  })
})

test('the proxy forwards Expect: 100-continue only if it has not already sent 100 Continue to the client', async () => {
  const { port, seen } = await service()
  const { route, apply } = await httpRouteTo({ host: '127.0.0.1', port })
  const edited = apply({ kind: 'edit-request', headers: { 'X-A': '1' } })
  await askPatiently(route.port, says('got hello'))
  edited.remove()
  apply({ kind: 'edit-request', headers: { 'X-A': '1' }, match: { body: 'hello' } })
  await askPatiently(route.port, says('got hello'))
  expect(seen).toEqual([
    { body: 'hello', expect: '100-continue' },
    { body: 'hello', expect: undefined },
  ])
})

test('an early response of the server reaches the client while a fault holds the body', async () => {
  const served = await serveHttp((_, reply) => void reply.writeHead(413).end('too large'))
  const { route, apply } = await httpRouteTo(served)
  apply({ kind: 'duplicate-request' })
  const client = new Received(await dial(route))
  client.socket.write('PUT /kv/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe')
  await client.until(says('too large'))
  client.socket.destroy()
})

test('a request refused before its body arrives leaves no open operation in the record', async () => {
  const { port } = await service()
  const { route, apply, client, recorder } = await httpRouteTo({ host: '127.0.0.1', port })
  apply({ kind: 'error-status' })
  await askPatiently(route.port, ({ ended }) => ended)
  await eventually(() => route.liveConnections === 0)
  expect(client.events).toEqual([])
  expect(recorder.counters).toMatchObject({ open: 0, waiting: 0, notUnderstood: 0, incomplete: 1 })
})

describe('a duplicated request', () => {
  test('all copies of a duplicated request reach the server, even if the original contains Connection: close', async () => {
    const { port, seen } = await service()
    const { route, apply } = await httpRouteTo({ host: '127.0.0.1', port })
    apply({ kind: 'duplicate-request', copies: 2 })
    const client = new Received(await dial(route))
    client.socket.write('PUT /kv/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello')
    await client.until(({ ended }) => ended)
    expect(client.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200'])
    expect(seen).toHaveLength(3)
  })

  test('the fault duplicate-request does not duplicate an HTTP/1.0 request, and reports the request as missed', async () => {
    const { port } = await service()
    const { route, apply } = await httpRouteTo({ host: '127.0.0.1', port })
    const fault = apply({ kind: 'duplicate-request' })
    const client = new Received(await dial(route))
    client.socket.write('PUT /kv/x HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello')
    await client.until(({ ended }) => ended)
    expect(client.text).toContain('got hello')
    expect(fault).toMatchObject({ hits: 0, missed: 1, missedBecause: expect.stringContaining('HTTP/1.0') })
  })
})
