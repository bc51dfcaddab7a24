import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { check } from '@chaosproxy/checker'
import { createRandom } from '@chaosproxy/faults'
import { type History, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { embeddedRoutes } from '../../../../recorder/test/routes/embedded-routes.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'
import { dial, eventually, Received, serve } from '../../../../testing/src/sockets.ts'
import { httpClient, httpRouteTo, keyValueService, serveHttp, textOf } from '../../http/live.ts'

const verdictOf = (history: History) =>
  check(history, {
    model: 'register',
    initial: null,
    levels: ['linearizable'],
    failedCas: 'drop',
    deadlineMs: millis(10_000),
    memoryBytes: 2 ** 28,
    now: () => millis(performance.now()),
  }).levels.linearizable.result

/** Sends random reads and writes of a few keys, from several clients at once. */
async function drive(port: number, options: { readonly clients: number; readonly requests: number }): Promise<void> {
  const random = createRandom(`drive ${Math.floor(performance.now())}`)
  let written = 0
  await Promise.all(
    Array.from({ length: options.clients }, async () => {
      const send = httpClient(port)
      for (let i = 0; i < options.requests; i++) {
        const key = `/kv/k${random.integer(3)}`
        if (random.chance(0.5)) await send('PUT', key, `v${written++}`)
        else await send('GET', key)
      }
    }),
  )
}

describe('a service recorded by a route table alone', () => {
  test('the record of a correct service is linearizable in the client and backend views', async () => {
    const service = await keyValueService()
    const { route, client, backend, recorder } = await httpRouteTo(service)
    await drive(route.port, { clients: 8, requests: 40 })
    expect(recorder.counters).toMatchObject({ operations: 320, ok: 320, open: 0, unmatched: 0, incomplete: 0 })
    expect(verdictOf(client.history)).toBe('met')
    expect(verdictOf(backend.history)).toBe('met')
  })

  test('a service stays linearizable under faults that lose, delay and duplicate requests', async () => {
    const service = await keyValueService()
    const { route, apply, client, recorder } = await httpRouteTo(service)
    const when = { probability: 0.1 }
    apply({ kind: 'lose-request', when })
    apply({ kind: 'lose-reply', when })
    apply({ kind: 'crash-before-reply', when })
    apply({ kind: 'delay-reply', delayMs: 3, when })
    apply({ kind: 'error-status', after: 'forwarding', when })
    await drive(route.port, { clients: 8, requests: 40 })
    await eventually(() => recorder.counters.open === 0)
    const { ok, fail, info, operations } = recorder.counters
    expect(ok + fail + info).toBe(operations)
    expect(operations).toBe(320)
    expect([fail, info].every((count) => count > 0)).toBe(true)
    expect(verdictOf(client.history)).toBe('met')
  })

  test.each<{ readonly kind: 'edit-request'; readonly [name: string]: unknown }>([
    { kind: 'edit-request', body: 'edited' },
    { kind: 'edit-request', headers: { 'If-Match': 'other' } },
  ])('a service does not violate linearizability if it executes a request that a fault edited: %j', async (edit) => {
    const { route, apply, client, backend } = await httpRouteTo(await keyValueService())
    const send = httpClient(route.port)
    await send('PUT', '/kv/x', '1')
    apply({ ...edit, match: { method: 'PUT' } })
    await send('PUT', '/kv/x', '2')
    await send('GET', '/kv/x')
    expect(client.remarks).toMatchObject([['touched', { what: 'a request that a fault changed' }]])
    for (const { history } of [client, backend]) expect(verdictOf(history)).not.toBe('violated')
  })

  test('a fault that edits an unrelated header field adds no remark to the record of a service', async () => {
    const { route, apply, client } = await httpRouteTo(await keyValueService())
    apply({ kind: 'edit-request', headers: { 'X-Token': 'forged' } })
    await httpClient(route.port)('PUT', '/kv/x', '1')
    expect(client.remarks).toEqual([])
  })

  test('a service that returns old values violates linearizability', async () => {
    // Every second read returns the key's previous value.
    const before = new Map<string, string>()
    let reads = 0
    const service = await keyValueService((store, key) => {
      const current = store.get(key)
      const old = before.get(key)
      if (current !== undefined) before.set(key, current)
      return reads++ % 2 === 0 ? current : (old ?? current)
    })
    const { route, client, backend } = await httpRouteTo(service)
    const send = httpClient(route.port)
    for (let i = 0; i < 10; i++) {
      await send('PUT', '/kv/x', `v${i}`)
      await send('GET', '/kv/x')
    }
    expect(verdictOf(client.history)).toBe('violated')
    expect(verdictOf(backend.history)).toBe('violated')
  })

  test('responses that a fault fabricates do not violate linearizability', async () => {
    const service = await keyValueService()
    const { route, apply, client, backend } = await httpRouteTo(service)
    const send = httpClient(route.port)
    apply({ kind: 'stale-reply', match: { method: 'GET' } })
    for (let i = 0; i < 3; i++) {
      await send('PUT', '/kv/x', `v${i}`)
      await send('GET', '/kv/x')
    }
    expect(verdictOf(client.history)).toBe('violated')
    expect(verdictOf(backend.history)).toBe('met')
  })
})

describe('the record of HTTP traffic', () => {
  test('the record distinguishes a blind retry from a retry with an idempotency key', async () => {
    const service = await keyValueService()
    const { route, apply, client, recorder } = await httpRouteTo(service)
    const send = httpClient(route.port)
    apply({ kind: 'lose-reply', when: { nth: 1 } })
    apply({ kind: 'lose-reply', when: { nth: 3 } })
    const named = { headers: { 'Idempotency-Key': 'payment-1' } }
    await send('PUT', '/kv/x', 'paid', named)
    await send('PUT', '/kv/x', 'paid', named)
    await eventually(() => recorder.counters.open === 0)
    await send('PUT', '/kv/y', 'paid')
    await eventually(() => recorder.counters.open === 0)
    await send('PUT', '/kv/y', 'paid')
    const invocations = client.events.filter(({ type }) => type === 'invoke')
    expect(
      invocations.map(({ key, extra }) => [key, extra?.['requestId'], extra?.['attempt'], extra?.['repeats']]),
    ).toEqual([
      ['x', 'payment-1', undefined, undefined],
      ['x', 'payment-1', 2, undefined],
      ['y', undefined, undefined, undefined],
      ['y', undefined, undefined, invocations[2]?.process],
    ])
    expect(recorder.counters).toMatchObject({ keyedRetries: 1, blindRetries: 1 })
  })

  test('the record of HTTP traffic contains values of every JSON type', async () => {
    const service = await serveHttp(async (asked, reply) => {
      const body = await textOf(asked)
      if (asked.url === '/kv/missing') reply.statusCode = 503
      reply.end(asked.method === 'GET' ? '{"value":{"n":[1,2]}}' : body === '' ? '' : '{"value":true}')
    })
    const { route, client } = await httpRouteTo(service, {
      table: { ...embeddedRoutes, ignoredParameters: ['consistency'] },
    })
    const send = httpClient(route.port)
    await send('PUT', '/kv/a%2Fb', '{"value":"ü"}')
    await send('POST', '/kv/x/cas', '{"old":12345678901234567,"new":null}')
    await send('GET', '/kv/x?consistency=strong')
    await send('PUT', '/kv/missing', '{"value":1}')
    await send('PUT', '/kv/x', 'no JSON')
    await send('GET', '/status')
    expect(client.events.map(({ type, f, key, value }) => [type, f, key, value])).toEqual([
      ['invoke', 'write', 'a/b', 'ü'],
      ['ok', 'write', 'a/b', 'ü'],
      ['invoke', 'cas', 'x', ['12345678901234567N', null]],
      ['ok', 'cas', 'x', ['12345678901234567N', null]],
      ['invoke', 'read', 'x', null],
      ['ok', 'read', 'x', { n: [1, 2] }],
      ['invoke', 'write', 'missing', 1],
      ['fail', 'write', 'missing', undefined],
    ])
    expect(client.remarks).toEqual([
      ['touched', 'x', { what: 'PUT /kv/x', why: 'nothing at json.value' }],
      ['passed-on', { what: 'GET /status', count: 1, mayWrite: false }],
    ])
  })

  test('the record of HTTP traffic contains decoded bodies, and the hashes of long bodies', async () => {
    const bodies: { readonly [path: string]: Buffer } = {
      '/kv/zipped': gzipSync('plain'),
      '/kv/broken': Buffer.from('no gzip'),
      '/kv/binary': Buffer.from([0xff, 0xfe, 0x00]),
      '/kv/long': Buffer.alloc(100_000, 'x'),
    }
    const service = await serveHttp((asked, reply) => {
      if (asked.url === '/kv/zipped' || asked.url === '/kv/broken') reply.setHeader('Content-Encoding', 'gzip')
      reply.end(bodies[asked.url ?? ''])
    })
    const { route, client } = await httpRouteTo(service)
    const send = httpClient(route.port)
    for (const path of Object.keys(bodies)) await send('GET', path)
    expect(client.events.filter(({ type }) => type !== 'invoke').map(({ type, value }) => [type, value])).toEqual([
      ['ok', 'plain'],
      ['info', undefined],
      ['ok', { base64: '//4A' }],
      ['ok', { sha256: expect.stringMatching(/^[0-9a-f]{64}$/), bytes: 100_000 }],
    ])
    expect(client.remarks).toEqual([
      [
        'not-understood',
        'broken',
        { what: 'GET /kv/broken', why: expect.stringMatching('its body is compressed as "gzip", and cannot be') },
      ],
    ])
  })

  test('the record contains the value of a response that ends with its connection, unless the response was truncated', async () => {
    const answers = ['HTTP/1.1 200 OK\r\n\r\nall of it', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na part']
    const server = await serve((socket) => socket.once('data', () => socket.end(answers.shift() ?? '')))
    const { route, client, recorder } = await httpRouteTo(server)
    for (let i = 0; i < 2; i++) {
      const asking = new Received(await dial(route))
      asking.socket.write('GET /kv/x HTTP/1.1\r\nHost: n1\r\n\r\n')
      await asking.until(() => asking.ended)
      asking.socket.end()
    }
    await eventually(() => recorder.counters.open === 0)
    expect(client.events.map(({ type, value, error }) => [type, value ?? error])).toEqual([
      ['invoke', undefined],
      ['ok', 'all of it'],
      ['invoke', undefined],
      ['fail', 'the connection ended before the answer was complete'],
    ])
  })

  test('the record places a write before a response that arrives during the write', async () => {
    const server = await serve((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')),
    )
    const { route, client, recorder } = await httpRouteTo(server)
    const asking = new Received(await dial(route))
    asking.socket.write('PUT /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 10\r\n\r\nfirst')
    await asking.until(() => asking.text.includes('413'))
    expect(recorder.counters.waiting).toBe(2)
    asking.socket.write('after')
    await eventually(() => client.lines.length === 2)
    expect(client.events.map(({ type, value, error }) => [type, value ?? error])).toEqual([
      ['invoke', 'firstafter'],
      ['fail', 'status 413'],
    ])
  })
})

describe('the recording proxy', () => {
  test('the recording proxy serves fetch with keep-alive connections', async () => {
    const service = await keyValueService()
    const { route, recorder } = await httpRouteTo(service)
    const url = `http://127.0.0.1:${route.port}/kv/x`
    for (let i = 0; i < 20; i++) {
      await (await fetch(url, { method: 'PUT', body: `v${i}` })).text()
      expect(await (await fetch(url)).text()).toBe(`v${i}`)
    }
    expect(recorder.counters).toMatchObject({ operations: 40, ok: 40, unmatched: 0 })
  })

  test('the recording proxy serves curl with 100-continue and a chunked body', async (context) => {
    if (installed('curl') === undefined) context.skip(whySkipped('curl'))
    const service = await keyValueService()
    const { route, recorder, client } = await httpRouteTo(service)
    const url = `http://127.0.0.1:${route.port}/kv/x`
    const curl = async (...args: string[]) =>
      (await promisify(execFile)('curl', ['-sS', '--max-time', '10', ...args])).stdout
    expect(await curl('-X', 'PUT', '-d', 'one', url)).toBe('done')
    expect(await curl('-X', 'PUT', '-H', 'Expect: 100-continue', '-d', 'two', url)).toBe('done')
    expect(await curl('-X', 'PUT', '-H', 'Transfer-Encoding: chunked', '-d', 'three', url)).toBe('done')
    expect(await curl(url, url)).toBe('threethree')
    expect(await curl('-I', url)).toMatch(/^HTTP\/1\.1 200/)
    expect(client.events.filter(({ type }) => type === 'ok').map(({ value }) => value)).toEqual([
      'one',
      'two',
      'three',
      'three',
      'three',
    ])
    expect(recorder.counters).toMatchObject({ operations: 5, ok: 5, unmatched: 1 })
  })
})
