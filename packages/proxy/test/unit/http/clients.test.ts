import { describe, expect, test } from 'vitest'
import { createRecorder } from '../../../../recorder/src/record/recorder.ts'
import { parseRouteTable } from '../../../../recorder/src/routes/parsing/parse-table.ts'
import type { RouteTable } from '../../../../recorder/src/routes/table/route-table.ts'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { dial, eventually, network, Received, serve } from '../../../../testing/src/sockets.ts'
import { createHttpFaults } from '../../../src/http/http-faults.ts'
import { findAnyProcess } from '../../../src/peer/socket-owner.ts'
import { startRunClock } from '../../../src/record-file/run-clock.ts'
import { httpClient, httpRouteTo, keyValueService, serveHttp, textTable } from '../../http/live.ts'

const sessionsOf = ({ lines }: RecordedLines) =>
  lines.map((line) => JSON.parse(line)).flatMap(({ type, session }) => (type === 'invoke' ? [session] : []))

const namedBy = (client: string): RouteTable =>
  parseRouteTable({ client, routes: [{ request: 'PUT /kv/{key}', f: 'write', value: 'body' }] }, 'test')

describe('the identity of a client', () => {
  test.each<[string, { headers?: { [name: string]: string }; path?: string; body?: string }, unknown]>([
    ['header.X-Client', { headers: { 'x-client': 'alice' } }, 'alice'],
    ['header.X-Client', {}, undefined],
    ['header.Authorization', { headers: { authorization: 'Basic x' } }, expect.stringMatching(/^sha256:[0-9a-f]{16}$/)],
    ['cookie.sid', { headers: { cookie: 'a=b; sid=secret' } }, expect.stringMatching(/^sha256:[0-9a-f]{16}$/)],
    ['cookie.sid', { headers: { cookie: 'side=secret' } }, undefined],
    ['bearer', { headers: { authorization: 'Bearer secret' } }, expect.stringMatching(/^sha256:[0-9a-f]{16}$/)],
    ['bearer', { headers: { authorization: 'Basic secret' } }, undefined],
    ['query.client', { path: '/kv/x?client=%C3%BC' }, 'ü'],
    ['json.user.id', { body: '{"user":{"id":7}}' }, '7'],
    ['json.user.id', { body: 'no JSON' }, undefined],
    ['form.client', { body: 'a=1&client=bob' }, 'bob'],
    ['peer.address', {}, '127.0.0.1'],
    ['connection', {}, expect.stringMatching(/^connection \d+$/)],
  ])(
    'the identity of a client is read from the source %s of the request %j',
    async (client, { headers, path = '/kv/x', body = 'v' }, session) => {
      const {
        route,
        client: view,
        backend,
        recorder,
      } = await httpRouteTo(await keyValueService(), { table: namedBy(client) })
      await httpClient(route.port)('PUT', path, body, headers === undefined ? {} : { headers })
      await eventually(() => recorder.counters.ok === 1)
      expect(sessionsOf(view)).toEqual([session])
      expect(sessionsOf(backend)).toEqual([session])
      expect(recorder.sessions).toEqual({ by: client, named: true })
      expect(recorder.counters.unnamed).toBe(session === undefined ? 1 : 0)
    },
  )

  test('the identity of a client is its process if the source is peer.process', async (context) => {
    if (process.platform !== 'linux') return context.skip('needs Linux: only its /proc tells who owns a socket')
    const client = new RecordedLines()
    const recorder = createRecorder({ now: startRunClock(), client })
    const http = createHttpFaults({ seed: 1, recorder })
    const route = await network().route({
      from: 'clients',
      to: 'n1',
      upstream: await keyValueService(),
      intercept: http.intercept({ from: 'clients', to: 'n1', table: namedBy('peer.process') }),
      processes: findAnyProcess(),
    })
    await httpClient(route.port)('PUT', '/kv/x', 'v')
    await eventually(() => recorder.counters.ok === 1)
    expect(sessionsOf(client)).toEqual([expect.stringMatching(new RegExp(` ${process.pid}$`))])
  })

  test('the identity of a client is undefined if the route table names no source for clients', async () => {
    const { route, client, recorder } = await httpRouteTo(await keyValueService())
    await httpClient(route.port)('PUT', '/kv/x', 'v')
    expect(sessionsOf(client)).toEqual([undefined])
    expect(recorder.sessions).toEqual({ by: 'connection', named: false })
  })
})

describe('traffic with an unknown effect', () => {
  test('an incomplete write marks its key as possibly written', async () => {
    const { route, client, recorder } = await httpRouteTo(await serveHttp(() => undefined))
    const asking = await dial(route)
    asking.write('PUT /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 10\r\n\r\nfive5')
    await eventually(() => recorder.counters.waiting > 0)
    asking.destroy()
    await eventually(() => client.remarks.length === 1)
    expect(client.remarks).toEqual([['touched', 'x', { what: 'PUT /kv/x', why: 'the request never arrived in full' }]])
  })

  /** Sends a write with an incomplete body. The server answers it with `status`. Returns the recorded remarks. */
  async function remarksOnPart(status: number) {
    const server = await serve((socket) => {
      const answer = `HTTP/1.1 ${status} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
      socket.once('data', () => socket.end(answer))
    })
    const { route, client, recorder } = await httpRouteTo(server)
    const asking = new Received(await dial(route))
    asking.socket.write('PUT /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 10\r\n\r\nfive5')
    await asking.until(() => asking.ended)
    asking.socket.destroy()
    await eventually(() => recorder.counters.waiting === 0 && route.liveConnections === 0)
    return client.remarks
  }

  test('an incomplete write marks no key as possibly written if the server refuses it with status 413', async () => {
    expect(await remarksOnPart(413)).toEqual([
      ['not-understood', { what: 'PUT /kv/x', why: 'refused with 413 before it had arrived in full' }],
    ])
  })

  test.each([200, 400, 408, 409, 425, 499, 500])(
    'an incomplete write marks its key as possibly written if the server answers with status %i',
    async (status) => {
      expect(await remarksOnPart(status)).toEqual([
        ['touched', 'x', { what: 'PUT /kv/x', why: 'the request never arrived in full' }],
      ])
    },
  )

  test('an incomplete read marks no key as possibly written', async () => {
    const { route, client, recorder } = await httpRouteTo(await serveHttp(() => undefined))
    const asking = await dial(route)
    asking.write('GET /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 10\r\n\r\nfive5')
    await eventually(() => recorder.counters.waiting > 0)
    asking.destroy()
    await eventually(() => recorder.counters.incomplete === 1)
    expect(client.remarks).toEqual([])
  })

  test('a proxy for HTTP/1.1 marks all keys as possibly written when a client sends the HTTP/2 preface', async () => {
    const { route, client } = await httpRouteTo(await serveHttp((_, reply) => reply.end()))
    const asking = new Received(await dial(route))
    asking.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    await eventually(() => client.remarks.length > 0)
    expect(client.remarks).toEqual([
      ['passed-on', { what: 'bytes that are not HTTP/1.1', count: 1, mayWrite: false }],
      ['touched', { what: 'HTTP/2', why: 'bytes that are not HTTP/1.1 may contain this request' }],
    ])
  })

  test('a POST without a route marks keys as possibly written until the server answers the POST with 404', async () => {
    const { route, client } = await httpRouteTo(await keyValueService(), { table: { ...textTable } })
    const send = httpClient(route.port)
    await send('POST', '/kv/x', 'v')
    await send('GET', '/kv/x')
    const marks = client.lines.map((line) => JSON.parse(line).f)
    expect(marks).toEqual(['passed-on', 'touched', 'withdrawn', 'read', 'read'])
  })

  test.each([
    [404, 0],
    [403, 0],
    [409, 1],
    [500, 1],
  ])(
    'a POST without a route, answered with status %s, marks keys as possibly written %i times',
    async (status, wanted) => {
      const service = await serveHttp((_request, reply) => {
        reply.statusCode = status
        reply.end()
      })
      const { route, recorder } = await httpRouteTo(service, { table: { ...textTable } })
      await httpClient(route.port)('POST', '/admin/reset', '')
      await eventually(() => recorder.counters.unmatched === 1)
      expect(recorder.counters.touched).toBe(wanted)
    },
  )
})
