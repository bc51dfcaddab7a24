import { describe, expect, test } from 'vitest'
import { dial, eventually, Received, serve } from '../../../../testing/src/sockets.ts'
import { bodyOf, httpClient, httpRouteTo, keyValueService, serveHttp, statusOf } from '../../http/live.ts'
import { countOutcomes, fourWays } from '../../http/no-answer.ts'

describe('the four faults that withhold a response', () => {
  test.each(fourWays)(
    'client, server and records agree on the outcome of each of 50 requests whose response is withheld: %s',
    async (...way) => {
      const [kind, parameters, outcome] = way
      expect(await countOutcomes({ kind, ...parameters }, 50)).toEqual([{ outcome, times: 50 }])
    },
  )

  test('crash-before-reply kills a server after it has received the request', async () => {
    const crashed: string[] = []
    const server = await serve((socket) => socket.on('data', () => undefined))
    const { route, apply, client } = await httpRouteTo(server, { crashServer: (node) => crashed.push(node) })
    apply({ kind: 'crash-before-reply' })
    expect(await httpClient(route.port)('PUT', '/kv/x', 'v')).toEqual({ error: 'ECONNRESET' })
    expect(crashed).toEqual(['n1'])
    expect(client.events.map(({ type }) => type)).toEqual(['invoke', 'info'])
  })

  test.each(['lose-request', 'lose-reply'] as const)(
    'the fault %s with the setting silence=hang leaves the client without a response',
    async (kind) => {
      const service = await keyValueService()
      const { route, apply, recorder } = await httpRouteTo(service)
      apply({ kind, silence: 'hang' })
      expect(await httpClient(route.port)('PUT', '/kv/x', 'v', { timeoutMs: 50 })).toEqual({ error: 'TIMEOUT' })
      // After the client has given up, the proxy keeps neither its connection nor its operation.
      await eventually(() => route.liveConnections === 0)
      expect(recorder.counters).toMatchObject({ open: 0, waiting: 0 })
    },
  )

  test('a client that gives up waiting for a lost response leaves no open connection or operation', async () => {
    const server = await serve((socket) => {
      socket.on('data', () => undefined)
      socket.on('end', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone'))
    })
    const { route, apply, recorder } = await httpRouteTo(server)
    const applied = apply({ kind: 'lose-reply', silence: 'hang' })
    const client = new Received(await dial(route))
    client.socket.end('GET /kv/x HTTP/1.1\r\nhost: n1\r\n\r\n')
    await client.until(({ closed }) => closed)
    await eventually(() => route.liveConnections === 0)
    expect(applied.hits).toBe(1)
    expect(recorder.counters).toMatchObject({ open: 0, waiting: 0 })
  })
})

describe('a response under HTTP faults', () => {
  test('an injected error fails the operation only if the request was not forwarded', async () => {
    const service = await keyValueService()
    const { route, apply, client, backend } = await httpRouteTo(service)
    const send = httpClient(route.port)
    const before = apply({ kind: 'error-status' })
    expect(statusOf(await send('PUT', '/kv/x', '1'))).toBe(503)
    expect(service.seen).toEqual([])
    before.remove()
    apply({ kind: 'error-status', after: 'forwarding', status: 500 })
    expect(statusOf(await send('PUT', '/kv/x', '2'))).toBe(500)
    expect(service.seen).toEqual(['PUT x 2'])
    expect(client.events.map(({ type }) => type)).toEqual(['invoke', 'fail', 'invoke', 'info'])
    expect(backend.events.map(({ type }) => type)).toEqual(['invoke', 'ok'])
  })

  test.each([
    ['error-status', { after: 'forwarding', status: 409 }],
    ['edit-reply', { status: 409 }],
  ] as const)(
    'a refusal made by %s after the server executed the request leaves the outcome unknown',
    async (kind, parameters) => {
      const service = await keyValueService()
      const { route, apply, client, backend } = await httpRouteTo(service)
      const send = httpClient(route.port)
      const fault = apply({ kind, ...parameters })
      expect(statusOf(await send('PUT', '/kv/x', '1'))).toBe(409)
      expect(statusOf(await send('GET', '/kv/x'))).toBe(409)
      fault.remove()
      expect(bodyOf(await send('GET', '/kv/x'))).toBe('1')
      expect(client.events.map(({ type, f, error }) => [type, f, error])).toEqual([
        ['invoke', 'write', undefined],
        ['info', 'write', 'status 409, but the backend may have carried it out'],
        ['invoke', 'read', undefined],
        // An executed read cannot be told from a read that was not executed.
        ['fail', 'read', 'status 409'],
        ['invoke', 'read', undefined],
        ['ok', 'read', undefined],
      ])
      expect(backend.events.map(({ type }) => type)).toEqual(['invoke', 'ok', 'invoke', 'ok', 'invoke', 'ok'])
    },
  )

  test('a refusal by the server is recorded as a failure even if a fault edits its status', async () => {
    const server = await serveHttp((asked, reply) => {
      asked.resume()
      reply.statusCode = 412
      reply.end('not that version')
    })
    const { route, apply, client } = await httpRouteTo(server)
    apply({ kind: 'edit-reply', status: 409 })
    expect(statusOf(await httpClient(route.port)('PUT', '/kv/x', '1'))).toBe(409)
    expect(client.events.map(({ type }) => type)).toEqual(['invoke', 'fail'])
  })

  test('the refusal of a duplicated request leaves the outcome unknown to the client', async () => {
    let isFirst = true
    const seen: string[] = []
    const server = await serveHttp((asked, reply) => {
      asked.resume()
      reply.statusCode = isFirst ? 409 : 200
      isFirst = false
      seen.push(String(asked.method))
      reply.end('as it is')
    })
    const { route, apply, client, backend } = await httpRouteTo(server)
    apply({ kind: 'duplicate-request' })
    expect(statusOf(await httpClient(route.port)('PUT', '/kv/x', '1'))).toBe(409)
    await eventually(() => backend.events.length === 4)
    expect(seen).toEqual(['PUT', 'PUT'])
    expect(client.events.map(({ type }) => type)).toEqual(['invoke', 'info'])
    expect(backend.events.map(({ type }) => type).sort()).toEqual(['fail', 'info', 'invoke', 'invoke'])
  })

  test('an executed request has an unknown outcome if the fault stale-reply answers it with an earlier refusal', async () => {
    let refusals = 1
    const server = await serveHttp((asked, reply) => {
      asked.resume()
      reply.statusCode = refusals-- > 0 ? 409 : 200
      reply.end('as it is')
    })
    const { route, apply, client } = await httpRouteTo(server)
    apply({ kind: 'stale-reply' })
    const send = httpClient(route.port)
    await send('PUT', '/kv/x', '1')
    expect(statusOf(await send('PUT', '/kv/x', '1'))).toBe(409)
    expect(client.events.map(({ type }) => type)).toEqual(['invoke', 'fail', 'invoke', 'info'])
  })

  test('stale-reply returns the value before the last change', async () => {
    const service = await keyValueService()
    const { route, apply, client, backend } = await httpRouteTo(service)
    const send = httpClient(route.port)
    const stale = apply({ kind: 'stale-reply', match: { method: 'GET' } })
    const read = async () => bodyOf(await send('GET', '/kv/x'))
    await send('PUT', '/kv/x', 'one')
    expect([await read(), await read()]).toEqual(['one', 'one'])
    await send('PUT', '/kv/x', 'two')
    expect([await read(), await read()]).toEqual(['one', 'one'])
    expect(stale.hits).toBe(2)
    expect(client.events.filter(({ type, f }) => type === 'ok' && f === 'read').map(({ value }) => value)).toEqual([
      'one',
      'one',
      'one',
      'one',
    ])
    expect(backend.events.filter(({ type, f }) => type === 'ok' && f === 'read').map(({ value }) => value)).toEqual([
      'one',
      'one',
      'two',
      'two',
    ])
  })

  test('edit-reply changes only the fields, body and status that it names', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    apply({ kind: 'edit-reply', status: 418, headers: { 'X-Chaos': 'yes', Date: null }, body: 'short and stout' })
    const answered = await httpClient(route.port)('PUT', '/kv/x', 'v')
    expect(answered).toMatchObject({
      status: 418,
      body: 'short and stout',
      headers: { 'x-chaos': 'yes', connection: 'keep-alive' },
    })
    expect(answered).not.toHaveProperty('headers.date')
  })

  test('edit-request changes the fields and the body of the request that the server receives', async () => {
    const heard: unknown[] = []
    const service = await serveHttp(async (asked, reply) => {
      let body = ''
      for await (const chunk of asked) body += chunk
      heard.push({ body, token: asked.headers['x-token'], coding: asked.headers['transfer-encoding'] })
      reply.end()
    })
    const { route, apply } = await httpRouteTo(service)
    apply({ kind: 'edit-request', headers: { 'X-Token': 'forged' }, body: 'other' })
    const client = new Received(await dial(route))
    client.socket.write(
      'PUT /kv/x HTTP/1.1\r\nHost: n1\r\nX-Token: real\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n',
    )
    await eventually(() => heard.length === 1)
    expect(heard).toEqual([{ body: 'other', token: 'forged', coding: undefined }])
  })

  test('truncate-reply cuts the body of a response at the given byte', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    apply({ kind: 'truncate-reply', bytes: 2 })
    const client = new Received(await dial(route))
    client.socket.write('PUT /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 1\r\n\r\nv')
    await client.until(() => client.closed)
    expect(client.text.endsWith('\r\n\r\ndo')).toBe(true)
    expect(client.error).toBe('ECONNRESET')
  })
})
