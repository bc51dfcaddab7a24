import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Input } from '@chaosproxy/history'
import { afterEach, describe, expect, test } from 'vitest'
import { parseClientDeclaration, read, tryClient, write } from '../../../testing/src/clients.ts'
import { planClients } from '../../src/client-kinds/registry.ts'
import { compileKeyNames } from '../../src/clients/keys.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

type Serve = (request: IncomingMessage, response: ServerResponse, body: string) => void

async function serve(respond: Serve): Promise<number> {
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => respond(request, response, body))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  open.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const ROUTES = [
  { request: 'GET /v1/{key}', f: 'read', result: 'json.value', outcomes: { 404: 'absent' } },
  { request: 'PUT /v1/{key}', f: 'write', value: 'json.value' },
]

const plan = (declaration: object) => planClients(parseClientDeclaration(declaration, 'client'), 'client', '.')

const clientOf = (port: number, declaration: object, functions: readonly string[] = ['read', 'write']) =>
  tryClient(declaration, port, { functions })

describe('an HTTP client with a route table', () => {
  test("an HTTP client reads and writes at the service's own URLs, even when replies are chunked", async () => {
    const data = new Map<string, unknown>()
    const port = await serve((request, response, body) => {
      const key = request.url ?? ''
      if (request.method === 'PUT') {
        data.set(key, JSON.parse(body).value)
        response.writeHead(204).end()
        return
      }
      if (!data.has(key)) response.writeHead(404)
      // Without a Content-Length, the reply is chunked.
      else response.write('{"value":')
      response.end(data.has(key) ? `${data.get(key)}}` : '')
    })
    const { ask } = await clientOf(port, { kind: 'http', routes: { routes: ROUTES }, keys: 'item-{number}-{run}' })
    expect(await ask(read('x'))).toEqual({ type: 'ok', value: null })
    expect(await ask(write('x', 7))).toEqual({ type: 'ok', value: 7 })
    expect(await ask(read('x'))).toEqual({ type: 'ok', value: 7 })
    expect([...data]).toEqual([['/v1/item-1-r1', 7]])
  })

  const COUNTER = [
    { request: 'GET /counter', f: 'read', key: { const: 'visits' }, result: 'json.count' },
    { request: 'POST /counter', f: 'add', key: { const: 'visits' }, value: { const: 1 } },
  ]
  const counterClient = (port: number, routes: readonly object[], keys: readonly string[]) =>
    tryClient({ kind: 'http', routes: { routes } }, port, { functions: ['add', 'read'], keys })

  test('an HTTP client accepts a route with a constant key if the workload has a single key', async () => {
    let count = 0
    const port = await serve((request, response) => {
      if (request.method === 'POST') count++
      response.end(JSON.stringify({ count }))
    })
    const { ask } = await counterClient(port, COUNTER, ['x'])
    expect(await ask({ f: 'add', key: 'x', value: 1 })).toEqual({ type: 'ok', value: 1 })
    expect(await ask(read('x'))).toEqual({ type: 'ok', value: 1 })
    expect(count).toBe(1)
  })

  test('an HTTP client refuses a route with a constant key if the workload or the other routes have other keys', async () => {
    await expect(counterClient(1, COUNTER, ['x', 'y'])).rejects.toThrow(/no place for a key.*--workload-set keys=1/)
    const [reading, adding] = COUNTER
    const other = { ...adding, key: { const: 'others' } }
    await expect(counterClient(1, [reading ?? {}, other], ['x'])).rejects.toThrow(/Give all routes one "key"/)
  })

  test('an HTTP client reports a write without a reply as info, and a read without a reply as fail', async () => {
    const port = await serve((request) => request.socket.destroy())
    const { ask } = await clientOf(port, { kind: 'http', routes: { routes: ROUTES } })
    expect(await ask(write('x', 1))).toMatchObject({ type: 'info' })
    expect(await ask(read('x'))).toMatchObject({ type: 'fail' })
  })

  test('an HTTP client sends each request once, even after a timeout', async () => {
    let requests = 0
    const port = await serve((_, response) => {
      requests++
      if (requests > 1) response.end('{}')
    })
    const { ask } = await clientOf(port, { kind: 'http', routes: { routes: ROUTES } })
    expect(await ask(write('x', 1), 500)).toEqual({ type: 'info', error: 'timeout after 500 ms' })
    expect(await ask(write('x', 2))).toEqual({ type: 'ok', value: 2 })
    expect(requests).toBe(2)
  })

  test('an HTTP client reports a refused connection as fail', async () => {
    const port = await serve(() => {})
    for (const close of open.splice(0)) await close()
    const { ask } = await clientOf(port, { kind: 'http', routes: { routes: ROUTES } })
    expect(await ask(write('x', 1))).toEqual({ type: 'fail', error: 'connection refused' })
  })

  test('a cas of an HTTP client sends the version that the client read last', async () => {
    let version = 1
    const matches: (string | undefined)[] = []
    const port = await serve((request, response) => {
      const { 'if-match': tag } = request.headers
      if (request.method === 'PUT') {
        matches.push(tag)
        if (tag !== undefined && tag !== `"${version}"`) return void response.writeHead(412).end()
        version++
      }
      response.writeHead(200, { ETag: `"${version}"` }).end()
    })
    const sends = { body: '{value}' }
    const routes = [
      { request: 'GET /d/{key}', f: 'read', result: 'header.ETag' },
      {
        request: 'PUT /d/{key}',
        when: { 'header.If-Match': { there: true } },
        f: 'cas',
        value: ['header.If-Match', 'answer.header.ETag'],
        sends,
      },
      { request: 'PUT /d/{key}', f: 'write', value: 'answer.header.ETag', sends },
    ]
    const { ask } = await clientOf(port, { kind: 'http', routes: { routes } }, ['read', 'write', 'cas'])
    const cas = (value: number): Input => ({ f: 'cas', key: 'x', value: [null, value] })
    expect(await ask(cas(1))).toMatchObject({
      type: 'fail',
      error: expect.stringMatching(/a cas needs the version of x/),
    })
    expect(await ask(write('x', 2))).toEqual({ type: 'ok', value: '"2"' })
    expect(await ask(cas(3))).toEqual({ type: 'ok', value: ['"2"', '"3"'] })
    version = 9
    expect(await ask(cas(4))).toMatchObject({ type: 'fail' })
    expect(await ask(read('x'))).toEqual({ type: 'ok', value: '"9"' })
    expect(await ask(cas(5))).toEqual({ type: 'ok', value: ['"9"', '"10"'] })
    expect(matches).toEqual([undefined, '"2"', '"3"', '"9"'])
  })
})

test('{uuid} in object names is replaced by UUIDs that differ between objects and between runs', () => {
  const [first, second] = ['1', '2'].map(compileKeyNames('{uuid}', 'kv.json'))
  const names = [first?.('x'), first?.('y'), second?.('x')]
  expect(first?.('x')).toBe(names[0])
  expect(new Set(names).size).toBe(3)
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
})

describe('a wrong HTTP declaration', () => {
  test.each([
    [{ kind: 'https' }, /must be an object with a "kind": http/],
    [{ kind: 'http', routes: './nowhere.json' }, /"routes" is ".\/nowhere.json": .*no such file/],
    [{ kind: 'http', routes: { routes: ROUTES }, keys: 'all' }, /the same for all objects/],
    [
      { kind: 'http', routes: { routes: ROUTES }, keys: '{id}' },
      /placeholders are \{key\}, \{number\}, \{run\} and \{uuid\}/,
    ],
    [{ kind: 'http', routes: { routes: ROUTES }, key: '{key}' }, /"key".*no such member/],
    [{ kind: 'http', routes: { routes: [] } }, /"routes" must be a non-empty list/],
  ])('an invalid HTTP declaration is refused: %j', (declaration, message) => {
    expect(() => plan(declaration)).toThrow(message)
  })

  test('an HTTP client is refused if a function of the workload has no route', async () => {
    await expect(clientOf(1, { kind: 'http', routes: { routes: ROUTES } }, ['read', 'cas'])).rejects.toThrow(
      /no route says how to cas/,
    )
  })

  test('a route of an HTTP client is refused if a wildcard in its path leaves the URL undetermined', async () => {
    const routes = [ROUTES[0], { request: 'PUT /*/{key}', f: 'write', value: 'body' }]
    await expect(clientOf(1, { kind: 'http', routes: { routes } })).rejects.toThrow(/replace \* with the segment/)
  })
})
