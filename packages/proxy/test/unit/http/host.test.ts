import { describe, expect, test } from 'vitest'
import { httpFamily } from '../../../../faults/src/families/http.ts'
import { dial, network, Received } from '../../../../testing/src/sockets.ts'
import { readProxy } from '../../../src/control/v1/requests.ts'
import { createHttpFaults } from '../../../src/http/http-faults.ts'
import { httpRouteTo, keyValueService, serveHttp, textOf } from '../../http/live.ts'

describe('a server with a given host name', () => {
  async function named(host: string) {
    const seen: (string | undefined)[] = []
    const service = await serveHttp(async (request, reply) => {
      seen.push(request.headers.host)
      reply.end(await textOf(request))
    })
    const http = createHttpFaults({ seed: 1 })
    const intercept = http.intercept({ from: 'clients', to: 'n1', host: () => host })
    const route = await network().route({ from: 'clients', to: 'n1', upstream: service, intercept })
    const ask = async (chunks: readonly string[], until: string) => {
      const client = new Received(await dial(route))
      for (const chunk of chunks) {
        client.socket.write(chunk)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await client.until(({ text }) => text.endsWith(until))
      client.socket.destroy()
    }
    return { seen, http, ask }
  }
  const PUT = 'PUT /x HTTP/1.1\r\nhost: localhost:1\r\nX-Host: b\r\nContent-Length: 2\r\n\r\nhi'

  test('a server with a given host name receives this name in every request, in any division into chunks', async () => {
    const { seen, ask } = await named('api.example:8443')
    await ask([PUT], 'hi')
    await ask([PUT.slice(0, 30), PUT.slice(30)], 'hi')
    await ask([`${PUT}${PUT}GET / HTTP/1.1\r\nHost: c\r\n\r\n`], '\r\n\r\n')
    expect(seen.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => 'api.example:8443'))
  })

  test('a server with a given host name receives this name under faults, unless a fault sets another name', async () => {
    const { seen, http, ask } = await named('api.example')
    const apply = (fault: object) => http.apply(httpFamily.parse({ links: ['clients>n1'], ...fault }, 'test'))
    for (const fault of [
      { kind: 'edit-request', headers: { 'X-A': '1' } },
      { kind: 'edit-request', headers: { 'X-A': '1' }, match: { body: 'hi' } },
      { kind: 'delay-request', delayMs: 2 },
      { kind: 'edit-request', headers: { Host: 'other' } },
    ]) {
      const applied = apply(fault)
      await ask([PUT], 'hi')
      expect(applied.hits).toBe(1)
      applied.remove()
    }
    expect(seen).toEqual(['api.example', 'api.example', 'api.example', 'other'])
  })
})

describe('the addresses of a proxy', () => {
  const files = { readPem: () => '', pidFiles: 'refused' as never }
  const read = (settings: object) => readProxy({ name: 'n1', ...settings }, 'proxy', files)

  test('an https address in the settings of a proxy turns on TLS', () => {
    expect(read({ upstream: 'https://api.example', carries: 'http' })).toMatchObject({
      upstream: 'api.example:443',
      isHttps: true,
      tls: { originate: { verify: true, alpn: ['http/1.1'] } },
    })
    expect(read({ upstream: 'http://api.example' })).toMatchObject({ upstream: 'api.example:80' })
    expect(read({ listen: 'https://127.0.0.1:0', upstream: '127.0.0.1:80' }).tls).toMatchObject({
      terminate: { names: ['localhost', '127.0.0.1', '::1'] },
    })
    expect(read({ upstream: 'rediss://cache', carries: 'resp' })).toMatchObject({
      upstream: 'cache:6379',
      tls: { originate: { verify: true } },
    })
    expect(() => read({ upstream: 'ftp://x' })).toThrow('"upstream" ftp://x: this is not an address')
  })

  test('an https upstream keeps the given TLS settings, and negotiates HTTP/2 if the proxy carries HTTP/2', () => {
    const { tls } = read({
      upstream: 'https://a',
      carries: 'http2',
      tls: { terminate: true, originate: { verify: false } },
    })
    expect(tls).toMatchObject({ terminate: { alpn: ['h2'] }, originate: { verify: false, alpn: ['h2'] } })
    expect(read({ upstream: 'a:1', tls: { originate: true } }).tls?.originate?.alpn).toBeUndefined()
  })
})

test('an injected error has the given header fields', async () => {
  const { route, apply } = await httpRouteTo(await keyValueService())
  const get = async () => {
    const client = new Received(await dial(route))
    client.socket.write('GET /kv/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await client.until(({ ended }) => ended)
    return client.text
  }
  for (const after of ['nothing', 'forwarding']) {
    const headers = { 'Retry-After': '5', 'Content-Type': 'application/json' }
    const applied = apply({ kind: 'error-status', body: '{}', headers, after })
    const text = await get()
    expect(text).toMatch(/^HTTP\/1\.1 503 /)
    expect(text).toContain('\r\nRetry-After: 5\r\n')
    expect(text.match(/content-type: .*/gi)).toEqual(['Content-Type: application/json'])
    applied.remove()
  }
  apply({ kind: 'rate-limit', requestsPerSecond: 1, burst: 1, headers: { 'Retry-After': '1' } })
  expect(await get()).toContain('404')
  expect(await get()).toContain('Retry-After: 1')
  expect(() => apply({ kind: 'error-status', headers: { 'Content-Length': '1' } })).toThrow(
    'to mark the end of the message',
  )
})

test('clients that speak HTTP/2 to a proxy for HTTP/1.1 are reported only once', async () => {
  const { route, network: created } = await httpRouteTo(await serveHttp((_, reply) => void reply.end()))
  const troubles: string[] = []
  created.onTrouble(({ type, why }) => troubles.push(`${type}: ${why}`))
  for (const chunks of [['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], ['PRI * HT', 'TP/2.0\r\n\r\nSM\r\n\r\n']]) {
    const client = new Received(await dial(route))
    for (const chunk of chunks) {
      client.socket.write(chunk)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    client.socket.end()
    await client.until(({ closed, ended }) => closed || ended)
  }
  expect(troubles).toEqual([expect.stringMatching(/^misread: .*--carries http2/)])
})

test('an upgrade marks keys as possibly written if it has no route, and marks none if its route is ignored', async () => {
  const service = await serveHttp(() => undefined)
  service.server.on('upgrade', (_, socket) => {
    socket.on('error', () => undefined)
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello')
  })
  const route = { request: 'GET /kv/{key}', f: 'read', result: 'body' } as const
  const table = { routes: [route, { request: 'GET /live', ignore: true }] } as const
  for (const [path, touched] of [
    ['/live', 0],
    ['/other', 1],
  ] as const) {
    const world = await httpRouteTo(service, { table })
    const client = new Received(await dial(world.route))
    client.socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`)
    await client.until(({ text }) => text.endsWith('hello'))
    client.socket.destroy()
    expect(world.recorder.counters.touched).toBe(touched)
  }
})
