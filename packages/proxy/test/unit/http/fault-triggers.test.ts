import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { dial, eventually, Received, serve } from '../../../../testing/src/sockets.ts'
import { bodyOf, httpClient, httpRouteTo, keyValueService, statusOf } from '../../http/live.ts'

describe('the trigger of an HTTP fault', () => {
  const statuses = async (when: object | undefined, match: object | undefined, requests: readonly string[]) => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    const send = httpClient(route.port)
    const applied = apply({ kind: 'error-status', when, match })
    const seen: unknown[] = []
    for (const request of requests) {
      const [method = '', path = '', body] = request.split(' ')
      seen.push(statusOf(await send(method, path, body, { headers: { 'x-tenant': 'blue' } })))
    }
    expect(applied.hits).toBe(seen.filter((status) => status === 503).length)
    return seen.map((status) => (status === 503 ? 'X' : '.')).join('')
  }
  const writes = Array.from({ length: 9 }, (_, i) => `PUT /kv/x ${i}`)

  test.each([
    [{ nth: 3 }, '..X......'],
    [{ first: 2 }, 'XX.......'],
    [{ every: 3 }, '..X..X..X'],
    [{ every: 2, first: 5 }, '.X.X.....'],
    [{ probability: 0 }, '.........'],
    [{ probability: 1 }, 'XXXXXXXXX'],
    [{ fromMs: 3_600_000 }, '.........'],
    [{ untilMs: 3_600_000 }, 'XXXXXXXXX'],
  ])('an HTTP fault selects requests by count: %j', async (when, expected) => {
    expect(await statuses(when, undefined, writes)).toBe(expected)
  })

  test.each([
    [{ method: 'PUT' }, 'X.X'],
    [{ method: 'GET,DELETE' }, '.X.'],
    [{ path: '/kv/x' }, 'XX.'],
    [{ path: '/kv/{key}' }, 'XXX'],
    [{ path: '/*' }, 'XXX'],
    [{ path: '/k' }, '...'],
    [{ body: 'two' }, '..X'],
    [{ method: 'PUT', body: 'one' }, 'X..'],
    [{ header: 'X-Tenant' }, 'XXX'],
    [{ header: 'X-Tenant', headerValue: 'lu' }, 'XXX'],
    [{ header: 'X-Tenant', headerValue: 'red' }, '...'],
    [{ client: '127.0.0.0/8' }, 'XXX'],
    [{ client: '10.0.0.1' }, '...'],
  ])('an HTTP fault selects requests by content: %j', async (match, expected) => {
    expect(await statuses(undefined, match, ['PUT /kv/x one', 'GET /kv/x', 'PUT /kv/y two'])).toBe(expected)
  })

  test('an HTTP fault selects responses by status', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    const send = httpClient(route.port)
    apply({ kind: 'edit-reply', status: 299, match: { status: '2xx' } })
    expect(statusOf(await send('GET', '/kv/x'))).toBe(404)
    expect(statusOf(await send('PUT', '/kv/x', 'v'))).toBe(299)
  })

  test('the trigger of a fault counts every client request, even a request that an earlier rule answered', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    const send = httpClient(route.port)
    apply({ kind: 'error-status', status: 503, when: { nth: 2 } })
    apply({ kind: 'error-status', status: 502, when: { nth: 5 } })
    apply({ kind: 'edit-reply', status: 299, when: { nth: 6 } })
    const statuses: unknown[] = []
    for (let i = 0; i < 7; i++) statuses.push(statusOf(await send('PUT', '/kv/x', 'v')))
    expect(statuses).toEqual([200, 503, 200, 200, 502, 299, 200])
  })

  test('an HTTP fault counts a hit only if it acted', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    const send = httpClient(route.port)
    const delay = apply({ kind: 'delay-request', delayMs: 1 })
    const edit = apply({ kind: 'edit-request', body: 'other' })
    const error = apply({ kind: 'error-status', match: { path: '/kv/x' } })
    const limit = apply({ kind: 'rate-limit', requestsPerSecond: 0.001, burst: 1 })
    expect(statusOf(await send('PUT', '/kv/x', 'v'))).toBe(503)
    expect([delay, edit, error, limit].map(({ hits }) => hits)).toEqual([0, 0, 1, 0])
    expect(statusOf(await send('PUT', '/kv/y', 'v'))).toBe(200)
    expect([delay, edit, error, limit].map(({ hits }) => hits)).toEqual([1, 1, 1, 0])
    expect(statusOf(await send('PUT', '/kv/y', 'v'))).toBe(429)
    expect([delay, edit, error, limit].map(({ hits }) => hits)).toEqual([1, 1, 1, 1])
  })

  test('a fault excludes requests that match the conditions under `not`', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    const send = httpClient(route.port)
    const rule = apply({ kind: 'error-status', match: { path: '/kv/:key', not: { method: 'GET', path: '/kv/x' } } })
    const body = apply({ kind: 'edit-reply', status: 299, match: { not: { body: 'secret', status: '200' } } })
    expect(statusOf(await send('PUT', '/kv/x', 'v'))).toBe(503)
    expect(statusOf(await send('GET', '/kv/y'))).toBe(503)
    expect(statusOf(await send('GET', '/kv/x'))).toBe(299)
    expect(rule.hits).toBe(2)
    rule.remove()
    expect(statusOf(await send('PUT', '/kv/x', 'a secret'))).toBe(200)
    expect(statusOf(await send('PUT', '/kv/x', 'none'))).toBe(299)
    expect(body.hits).toBe(2)
  })

  test('an HTTP fault with a probability selects the same requests for the same seed, and others for another seed', async () => {
    const draw = async (seed: string) => {
      const service = await keyValueService()
      const { route, apply } = await httpRouteTo(service, { seed })
      const send = httpClient(route.port)
      apply({ kind: 'error-status', when: { probability: 0.5 } })
      let drawn = ''
      for (let i = 0; i < 30; i++) drawn += statusOf(await send('GET', '/kv/x')) === 503 ? 'X' : '.'
      return drawn
    }
    const first = await draw('a')
    expect(await draw('a')).toBe(first)
    expect(await draw('b')).not.toBe(first)
    expect(first).toMatch(/X/)
    expect(first).toMatch(/\./)
  })

  test('an HTTP fault selects requests that exceed a rate', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    const send = httpClient(route.port)
    apply({ kind: 'rate-limit', requestsPerSecond: 1, burst: 3 })
    const seen: unknown[] = []
    for (let i = 0; i < 5; i++) seen.push(statusOf(await send('GET', '/kv/x')))
    expect(seen).toEqual([404, 404, 404, 429, 429])
  })

  test('an HTTP fault that is removed releases waiting requests immediately', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    const send = httpClient(route.port)
    for (const kind of ['delay-request', 'delay-reply'] as const) {
      const delay = apply({ kind, delayMs: 3_600_000 })
      const answered = send('PUT', '/kv/x', 'v')
      await eventually(() => delay.hits === 1)
      delay.remove()
      expect(statusOf(await answered)).toBe(200)
    }
  })
})

describe('an HTTP fault of timing', () => {
  test.each([
    ['delay-request', { delayMs: 40 }],
    ['delay-reply', { delayMs: 40 }],
    ['trickle-request', { pieceBytes: 1, pauseMs: 10 }],
    ['trickle-reply', { pieceBytes: 1, pauseMs: 10 }],
  ])('an HTTP fault delays a message by the given time: %s', async (kind, parameters) => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    apply({ kind, ...parameters } as Parameters<typeof apply>[0])
    const sentAt = performance.now()
    const answered = await httpClient(route.port)('PUT', '/kv/x', 'four')
    expect(performance.now() - sentAt).toBeGreaterThanOrEqual(40)
    expect(bodyOf(answered)).toBe('done')
    expect(service.seen).toEqual(['PUT x four'])
  })

  test('reorder-replies holds a response until a response on another connection has passed it', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    const reorder = apply({ kind: 'reorder-replies', withinMs: 3_600_000 })
    const finished: string[] = []
    const first = httpClient(route.port)('PUT', '/kv/x', 'a').then(() => finished.push('first'))
    await eventually(() => service.seen.length === 1)
    const second = httpClient(route.port)('PUT', '/kv/x', 'b').then(() => finished.push('second'))
    await Promise.all([first, second])
    expect(finished).toEqual(['second', 'first'])
    expect(reorder.hits).toBe(1)
  })

  test('reorder-replies holds a matching response until a response that does not match has passed it', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    const reorder = apply({ kind: 'reorder-replies', withinMs: 3_600_000, match: { path: '/kv/x' }, when: { nth: 1 } })
    const finished: string[] = []
    const first = httpClient(route.port)('PUT', '/kv/x', 'a').then(() => finished.push('first'))
    await eventually(() => service.seen.length === 1)
    const second = httpClient(route.port)('PUT', '/kv/y', 'b').then(() => finished.push('second'))
    await Promise.all([first, second])
    expect(finished).toEqual(['second', 'first'])
    expect(reorder.hits).toBe(1)
  })

  test('if the client of a held response disconnects, reorder-replies holds the next response instead', async () => {
    const service = await keyValueService()
    const { route, apply, network, http } = await httpRouteTo(service)
    const replies = () => http.statistics().get('clients>n1')?.replies
    const reorder = apply({ kind: 'reorder-replies', withinMs: 3_600_000 })
    const gone = new Received(await dial(route))
    gone.socket.write('PUT /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 1\r\n\r\na')
    await eventually(() => replies() === 1)
    network.apply({ kind: 'reset', links: [{ from: 'clients', to: 'n1' }] })
    await gone.until(({ closed }) => closed)
    const finished: string[] = []
    const held = httpClient(route.port)('PUT', '/kv/x', 'b').then(() => finished.push('held'))
    await eventually(() => replies() === 2)
    const other = httpClient(route.port)('PUT', '/kv/x', 'c').then(() => finished.push('other'))
    await Promise.all([held, other])
    expect([finished, reorder.hits]).toEqual([['other', 'held'], 1])
  })

  test('reorder-replies holds a response no longer than its limit', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    const reorder = apply({ kind: 'reorder-replies', withinMs: 20 })
    expect(statusOf(await httpClient(route.port)('PUT', '/kv/x', 'a'))).toBe(200)
    expect(reorder.hits).toBe(0)
  })
})

describe('a connection with several requests', () => {
  const put = (value: string) => `PUT /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: ${value.length}\r\n\r\n${value}`

  test('a connection delivers fabricated and forwarded responses in the order of its requests', async () => {
    const service = await keyValueService()
    const { route, apply, recorder } = await httpRouteTo(service)
    apply({ kind: 'error-status', when: { every: 2 } })
    apply({ kind: 'delay-reply', delayMs: 5, when: { every: 3 } })
    const client = new Received(await dial(route))
    client.socket.write(Array.from({ length: 20 }, (_, i) => put(`v${i}`)).join(''))
    await client.until(() => (client.text.match(/HTTP\/1\.1 /g) ?? []).length === 20)
    expect(client.text.match(/HTTP\/1\.1 \d+/g)).toEqual(
      Array.from({ length: 20 }, (_, i) => `HTTP/1.1 ${i % 2 === 1 ? 503 : 200}`),
    )
    expect(service.seen).toEqual(Array.from({ length: 10 }, (_, i) => `PUT x v${2 * i}`))
    await eventually(() => recorder.counters.open === 0)
    expect(recorder.counters).toMatchObject({ operations: 20, ok: 10, fail: 10 })
  })

  test('error-status sends no body in reply to HEAD, and ends a connection after a request with Connection: close', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    apply({ kind: 'error-status', body: 'sorry' })
    const client = new Received(await dial(route))
    client.socket.write('HEAD / HTTP/1.1\r\nHost: n1\r\n\r\nGET / HTTP/1.1\r\nHost: n1\r\nConnection: close\r\n\r\n')
    await client.until(() => client.ended)
    expect(client.text).toMatch(
      /^HTTP\/1\.1 503 .*Content-Length: 5\r\n\r\nHTTP\/1\.1 503 .*Connection: close.*sorry$/s,
    )
    const old = new Received(await dial(route))
    old.socket.write('GET / HTTP/1.0\r\n\r\n')
    await old.until(() => old.ended)
    expect(old.text).toMatch(/sorry$/)
  })

  test('a client gets one response to a duplicated request, and the copies are recorded as duplicates', async () => {
    const service = await keyValueService()
    const { route, apply, client, backend, recorder } = await httpRouteTo(service)
    apply({ kind: 'duplicate-request', copies: 2 })
    const send = httpClient(route.port)
    expect(bodyOf(await send('PUT', '/kv/x', 'v'))).toBe('done')
    expect(bodyOf(await send('GET', '/kv/x'))).toBe('v')
    expect(service.seen).toEqual(['PUT x v', 'PUT x v', 'PUT x v', 'GET x', 'GET x', 'GET x'])
    await eventually(() => backend.lines.length === 12)
    const [write] = client.events
    const copies = backend.events.filter(
      ({ type, f, extra }) => type === 'invoke' && f === 'write' && extra?.['duplicateOf'] !== undefined,
    )
    expect(copies.map(({ extra }) => extra?.['duplicateOf'])).toEqual([write?.process, write?.process])
    expect(recorder.counters).toMatchObject({ operations: 2, ok: 2, duplicates: 4 })
    // The backend may recognise the duplicates, and respond to them without another execution.
    const outcomes = (f: string) => backend.events.filter((event) => event.type !== 'invoke' && event.f === f)
    expect(
      outcomes('write')
        .map(({ type }) => type)
        .sort(),
    ).toEqual(['info', 'info', 'ok'])
    expect(
      outcomes('read')
        .map(({ type }) => type)
        .sort(),
    ).toEqual(['fail', 'fail', 'ok'])
  })

  test('while a fault is active, the proxy closes a connection that sends an ambiguous request', async () => {
    const smuggled =
      'POST /kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /kv/y HTTP/1.1\r\n\r\n'
    const accepted: Received[] = []
    const server = await serve((socket) => accepted.push(new Received(socket)))
    const { route, apply, http } = await httpRouteTo(server)
    const passed = await dial(route)
    passed.write(smuggled)
    await eventually(() => accepted[0]?.text === smuggled)
    apply({ kind: 'delay-reply', delayMs: 1 })
    const refused = new Received(await dial(route))
    refused.socket.write(smuggled)
    await refused.until(() => refused.ended)
    expect(refused.text).toMatch(/^HTTP\/1\.1 400 .*Connection: close\r\n.*both Content-Length and Transfer-Encoding/s)
    refused.socket.end()
    await once(refused.socket, 'close')
    expect(accepted[1]?.text ?? '').toBe('')
    expect(http.statistics().get('clients>n1')).toMatchObject({ malformed: 1, refused: 1 })
  })

  test.each([
    [26, 2],
    [25, 1],
  ])(
    'duplicate-request with maxBodyBytes %i forwards a chunked request of 26 bytes %i times',
    async (maxBodyBytes, times) => {
      const accepted: Received[] = []
      const server = await serve((socket) => accepted.push(new Received(socket)))
      const { route, apply } = await httpRouteTo(server)
      const applied = apply({ kind: 'duplicate-request', maxBodyBytes })
      const client = await dial(route)
      const head = 'PUT /kv/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
      const [first, rest] = ['6\r\nabcdef\r\n', '5\r\nghijk\r\n0\r\n\r\n']
      client.write(head + first)
      await eventually(() => accepted[0]?.text.endsWith(first) === true)
      client.write(rest)
      await eventually(() => accepted[0]?.text === (head + first + rest).repeat(times))
      expect([applied.hits, applied.missed]).toEqual([times - 1, 2 - times])
    },
  )

  test('a request longer than maxBodyBytes is forwarded only once, and duplicate-request reports the request as missed', async () => {
    const service = await keyValueService()
    const { route, apply } = await httpRouteTo(service)
    const applied = apply({ kind: 'duplicate-request' })
    const body = 'x'.repeat(3_000_000)
    expect(bodyOf(await httpClient(route.port)('PUT', '/kv/x', body))).toBe('done')
    expect(service.seen).toEqual([`PUT x ${body}`])
    expect(applied).toMatchObject({ missed: 1, missedBecause: 'the body of the request is longer than maxBodyBytes' })
  })
})

test('an HTTP fault on a link without HTTP is refused, and the error names the links that carry HTTP', async () => {
  const { apply } = await httpRouteTo(await keyValueService())
  expect(() => apply({ kind: 'lose-reply', links: ['n1>clients'] })).toThrow(
    'lose-reply on n1>clients: no HTTP route sends requests over this link. Name a link that carries HTTP requests, from client to server: clients>n1.',
  )
})
