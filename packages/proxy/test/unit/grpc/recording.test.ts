import { UserError } from '@chaosproxy/history'
import { type ClientOptions, type ClientReadableStream, type ClientWritableStream, status } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { parseRouteTable } from '../../../../recorder/src/routes/parsing/parse-table.ts'
import type { RouteTable } from '../../../../recorder/src/routes/table/route-table.ts'
import type { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { eventually } from '../../../../testing/src/sockets.ts'
import { kvClient, kvDescriptor, kvRoutes, kvService, kvTable } from '../../grpc/peers.ts'
import { http2RouteTo, send, serveHttp2, sessionTo } from '../../http2/recorded.ts'

const outcomes = (view: RecordedLines) =>
  view.events.map(({ type, f, key, value, error }) => [type, f, key, value ?? error])

async function kvRoute(options: { readonly table?: RouteTable; readonly client?: ClientOptions } = {}) {
  const service = await kvService()
  const { route, client, backend, apply, recorder } = await http2RouteTo(service, { table: options.table ?? kvTable })
  return { service, view: client, backend, apply, recorder, ...kvClient(route.port, options.client) }
}

describe('a gRPC call', () => {
  test('a gRPC call is recorded as an operation by its method and its message fields', async () => {
    const { call, recorder, view, backend } = await kvRoute()
    expect(await call('Put', { key: 'x', value: 'one' })).toEqual({ answer: {} })
    expect(await call('Get', { key: 'x' })).toEqual({ answer: expect.objectContaining({ value: 'one' }) })
    expect(await call('Cas', { key: 'x', old: 'one', new: 'two' })).toEqual({ answer: {} })
    expect(await call('Cas', { key: 'x', old: 'one', new: 'three' })).toEqual({ status: status.FAILED_PRECONDITION })
    expect(await call('Get', { key: 'nothing' })).toEqual({ status: status.NOT_FOUND })
    await eventually(() => recorder.counters.open === 0)
    const expected = [
      ['invoke', 'write', 'x', 'one'],
      ['ok', 'write', 'x', 'one'],
      ['invoke', 'read', 'x', undefined],
      ['ok', 'read', 'x', 'one'],
      ['invoke', 'cas', 'x', ['one', 'two']],
      ['ok', 'cas', 'x', ['one', 'two']],
      ['invoke', 'cas', 'x', ['one', 'three']],
      ['fail', 'cas', 'x', 'grpc 9 FAILED_PRECONDITION'],
      ['invoke', 'read', 'nothing', undefined],
      ['ok', 'read', 'nothing', undefined],
    ]
    expect([outcomes(view), outcomes(backend)]).toEqual([expected, expected])
    expect(recorder.counters).toMatchObject({ operations: 5, unmatched: 0, incomplete: 0, notUnderstood: 0 })
  })

  test('a gRPC call is recorded even if its messages are compressed', async () => {
    const { call, view } = await kvRoute({ client: { 'grpc.default_compression_algorithm': 2 } })
    const value = 'long '.repeat(200)
    await call('Put', { key: 'x', value })
    await eventually(() => view.events.length === 2)
    expect(outcomes(view)[0]).toEqual(['invoke', 'write', 'x', value])
  })

  test('a gRPC write whose message omits an empty proto3 value is recorded with the empty text', async () => {
    const { call, view } = await kvRoute()
    await call('Put', { key: 'x', value: '' })
    await eventually(() => view.events.length === 2)
    expect(outcomes(view)[0]).toEqual(['invoke', 'write', 'x', ''])
  })

  test.each([
    [status.INVALID_ARGUMENT, 'fail'],
    [status.NOT_FOUND, 'fail'],
    [status.ALREADY_EXISTS, 'fail'],
    [status.PERMISSION_DENIED, 'fail'],
    [status.UNAUTHENTICATED, 'fail'],
    [status.FAILED_PRECONDITION, 'fail'],
    [status.OUT_OF_RANGE, 'fail'],
    [status.UNIMPLEMENTED, 'fail'],
    [status.CANCELLED, 'info'],
    [status.UNKNOWN, 'info'],
    [status.DEADLINE_EXCEEDED, 'info'],
    [status.INTERNAL, 'info'],
    [status.UNAVAILABLE, 'info'],
    [status.DATA_LOSS, 'info'],
    [status.ABORTED, 'info'],
    [status.RESOURCE_EXHAUSTED, 'info'],
  ])('a gRPC call with the status %i is recorded as a write with the outcome %s', async (code, outcome) => {
    const { call, view } = await kvRoute()
    expect(await call('Put', { key: `status ${code}`, value: 'one' })).toEqual({ status: code })
    await eventually(() => view.events.length === 2)
    expect(view.events[1]).toMatchObject({ type: outcome, error: `grpc ${code} ${status[code]}` })
  })

  test('a gRPC call has the outcome that the route table gives its status, whether by number or by name', async () => {
    const outcomesOf = (given: object) =>
      parseRouteTable({ descriptor: kvDescriptor, routes: [{ ...kvRoutes[1], outcomes: given }] }, 'kv.json')
    for (const given of [{ 'grpc 10': 'fail' }, { 'grpc ABORTED': 'fail' }]) {
      const { call, view } = await kvRoute({ table: outcomesOf(given) })
      await call('Put', { key: 'status 10', value: 'one' })
      await eventually(() => view.events.length === 2)
      expect(view.events[1]?.type).toBe('fail')
    }
  })

  test('a gRPC call has an unknown outcome if its client cancels it or a fault resets it', async () => {
    const { call, view, apply, service, recorder } = await kvRoute()
    apply({ kind: 'reset-stream', back: true, when: { nth: 1 } })
    expect(await call('Put', { key: 'x', value: 'one' })).toEqual({ status: status.INTERNAL })
    expect(service.journal).toEqual(['x=one'])
    await call('Put', { key: 'x', value: 'two' }, { deadline: Date.now() - 1 })
    await eventually(() => recorder.counters.open === 0)
    expect(outcomes(view)[1]).toEqual(['info', 'write', 'x', 'the stream was reset'])
    expect(view.events.some(({ type }) => type === 'fail')).toBe(false)
  })

  test('a gRPC call has an unknown outcome if it ends without a status', async () => {
    const service = await serveHttp2((stream) => {
      stream.resume()
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.end()
    })
    const { route, client } = await http2RouteTo(service, { table: kvTable })
    const session = await sessionTo(route.port)
    await send(session, 'POST', '/kv.v1.Store/Put', '\0\0\0\0\x06\x0a\x01x\x12\x01y', {
      'content-type': 'application/grpc',
    })
    await eventually(() => client.events.length === 2)
    expect(outcomes(client)).toEqual([
      ['invoke', 'write', 'x', 'y'],
      ['info', 'write', 'x', 'grpc 2 UNKNOWN'],
    ])
  })

  test.each([
    [403, 'fail'],
    [503, 'info'],
  ])('a gRPC write answered with HTTP status %i and no gRPC status has the outcome %s', async (code, outcome) => {
    const service = await serveHttp2((stream) => {
      stream.resume()
      stream.respond({ ':status': code }, { endStream: true })
    })
    const { route, client } = await http2RouteTo(service, { table: kvTable })
    const { call } = kvClient(route.port)
    await call('Put', { key: 'x', value: 'one' })
    await eventually(() => client.events.length === 2)
    expect(client.events[1]).toMatchObject({ type: outcome, error: `status ${code}` })
  })
})

describe('gRPC traffic that is not an operation', () => {
  test('gRPC client streams and server streams are forwarded, but are recorded only as possible writes', async () => {
    const { client, view, service } = await kvRoute()
    const streams = client as unknown as {
      Watch(request: object): ClientReadableStream<object>
      PutMany(callback: () => void): ClientWritableStream<object>
    }
    const watched: unknown[] = []
    for await (const changed of streams.Watch({ key: 'x' })) watched.push(changed)
    expect(watched).toEqual([{ key: 'x' }, { key: 'y' }])
    await new Promise<void>((done) => {
      const putting = streams.PutMany(() => done())
      putting.write({ key: 'x', value: 'one' })
      putting.write({ key: 'y', value: 'two' })
      putting.end()
    })
    expect([...service.store]).toEqual([
      ['x', 'one'],
      ['y', 'two'],
    ])
    expect(view.remarks).toEqual([
      ['passed-on', { what: 'POST /kv.v1.Store/Watch', count: 1, mayWrite: true }],
      ['touched', expect.objectContaining({ what: 'POST /kv.v1.Store/Watch' })],
      ['passed-on', { what: 'POST /kv.v1.Store/PutMany', count: 1, mayWrite: true }],
      // The call PutMany needs its own mark, although Watch already has one. The response to Watch is not complete yet,
      // and may still be a refusal.
      ['touched', expect.objectContaining({ what: 'POST /kv.v1.Store/PutMany' })],
    ])
    expect(view.events).toEqual([])
  })

  test('an ignored gRPC stream marks no key as possibly written, and other calls are recorded while the stream is open', async () => {
    const ignored = { request: 'GRPC /kv.v1.Store/PutMany', ignore: true }
    const table = parseRouteTable({ descriptor: kvDescriptor, routes: [...kvRoutes, ignored] }, 'kv.json')
    const { client, call, view, recorder } = await kvRoute({ table })
    const { PutMany } = client as unknown as { PutMany(callback: () => void): ClientWritableStream<object> }
    const putting = PutMany.call(client, () => undefined)
    putting.on('error', () => undefined)
    putting.write({ key: 'z', value: 'one' })
    await eventually(() => recorder.counters.unmatched === 1)
    await call('Put', { key: 'x', value: 'one' })
    await eventually(() => recorder.counters.open === 0)
    expect(recorder.counters.waiting).toBe(0)
    expect(outcomes(view)).toEqual([
      ['invoke', 'write', 'x', 'one'],
      ['ok', 'write', 'x', 'one'],
    ])
    expect(view.remarks).toEqual([['passed-on', { what: 'POST /kv.v1.Store/PutMany', count: 1, mayWrite: false }]])
    putting.cancel()
  })

  test('a gRPC call without a descriptor is reported by name, and marks all keys as possibly written', async () => {
    const { call, view } = await kvRoute({ table: parseRouteTable({ routes: kvRoutes }, 'kv.json') })
    await call('Put', { key: 'x', value: 'one' })
    expect(view.events).toEqual([])
    expect(view.remarks).toEqual([['touched', expect.objectContaining({ what: 'POST /kv.v1.Store/Put' })]])
  })

  test('a gRPC route matches only gRPC requests', async () => {
    const service = await serveHttp2((stream) => {
      stream.resume()
      stream.respond({ ':status': 200 })
      stream.end('{}')
    })
    const { route, client } = await http2RouteTo(service, { table: kvTable })
    await send(await sessionTo(route.port), 'POST', '/kv.v1.Store/Get', '{"key":"x"}')
    expect(client.remarks[0]).toEqual(['passed-on', { what: 'POST /kv.v1.Store/Get', count: 1, mayWrite: true }])
  })

  test('a gRPC route is refused if it records a stream as an operation', () => {
    const table = {
      descriptor: kvDescriptor,
      routes: [{ request: 'GRPC /kv.v1.Store/Watch', f: 'read', key: 'json.key', result: 'json.key' }],
    }
    expect(() => parseRouteTable(table, 'kv.json')).toThrow(UserError)
    expect(() => parseRouteTable(table, 'kv.json')).toThrow('this method streams messages, and is not an operation')
  })
})
