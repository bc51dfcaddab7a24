import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from '@chaosproxy/history'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { http } from '../../src/clients/http.ts'

interface Route {
  readonly request: string
  readonly f: string
  readonly value?: string
  readonly result?: string
  readonly sends?: object
  readonly outcomes?: object
}

const READ: Route = { request: 'GET /items/{key}', f: 'read', result: 'json.item', outcomes: { 404: 'absent' } }
const WRITE: Route = { request: 'PUT /items/{key}', f: 'write', value: 'json.item' }

interface ReceivedRequest {
  readonly method: string
  readonly id: string
  /** The member `item` of the body. */
  readonly item: Json | undefined
  readonly type: string | undefined
}

type Items = Map<string, Json>

/** A deviation from a correct service. Returns true if it has answered the request. */
type Quirk = (asked: ReceivedRequest, response: ServerResponse, items: Items) => boolean

function end(response: ServerResponse, status: number, body?: Json, fields: { [name: string]: string } = {}): true {
  response.writeHead(status, { 'content-type': 'application/json', ...fields })
  response.end(body === undefined ? undefined : JSON.stringify(body))
  return true
}

/** A key-value service. Each request advances the clock by 500 ms. */
const service =
  (items: Items, quirk: Quirk): RequestListener =>
  async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    vi.advanceTimersByTime(500)
    const [, collection, id = ''] = (request.url ?? '').split('/')
    const item = body === '' ? undefined : JSON.parse(body).item
    const type = request.headers['content-type']
    if (quirk({ method: request.method ?? '', id, item, type }, response, items)) return
    if (collection !== 'items') end(response, 404, { error: 'no such path' })
    else if (request.method === 'GET') {
      const held = items.get(id)
      if (held === undefined) end(response, 404, { error: 'no such item' })
      else end(response, 200, { item: held })
    } else if (request.method !== 'PUT') end(response, 405, undefined, { allow: 'GET, PUT' })
    else if (item === undefined) end(response, 422, { error: 'item is missing' })
    else {
      items.set(id, item)
      end(response, 200, {})
    }
  }

interface Rehearsing {
  readonly routes?: readonly Route[]
  readonly keys?: readonly string[]
  /** By node: how it deviates from a correct service. All nodes have the same items. */
  readonly quirks?: readonly Quirk[]
  readonly held?: { readonly [id: string]: Json }
  /** A value that clients write. */
  readonly value?: Json
}

const right: Quirk = () => false

async function rehearsed(options: Rehearsing) {
  const { routes = [READ, WRITE], keys = ['x', 'y', 'z'], quirks = [right], held = {}, value = 1 } = options
  vi.useFakeTimers({ toFake: ['performance'] })
  const items: Items = new Map(Object.entries(held))
  const servers = quirks.map((quirk) => createServer(service(items, quirk)))
  onTestFinished(() => {
    vi.useRealTimers()
    for (const server of servers) server.close()
  })
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening')
  const nodes = servers.map((server, i) => ({
    node: `n${i + 1}`,
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
  }))
  const planned = http.plan({ kind: 'http', routes: { routes } }, 'kv.json', '.')
  const clients = await planned.open({
    operations: {
      functions: ['read', 'write'],
      reads: ['read'],
      initial: null,
      before: keys.map((key) => ({ f: 'read', key, value: null })),
      sampleWrite: () => ({ f: 'write', key: 'x', value }),
    },
    logDir: '.',
    broke: (error) => expect.unreachable(error.message),
    nodes: () => nodes,
  })
  const rehearsal = clients.rehearse?.(nodes, undefined)
  return { rehearsal: await rehearsal, items, clients, nodes }
}

const IF_CERTAIN =
  'If the service has only certain objects, and the requested one is not among them, skip this check: --no-rehearsal.'
const WITHOUT = 'To run without this check, give --no-rehearsal.'

const storesAnd =
  (status: number, body: Json): Quirk =>
  ({ method, id, item }, response, items) => {
    if (method !== 'PUT') return false
    items.set(id, item ?? null)
    return end(response, status, body)
  }

const refuses =
  (status: number, body: Json, fields?: { [name: string]: string }): Quirk =>
  ({ method }, response) =>
    method === 'PUT' && end(response, status, body, fields)

describe('a rehearsal with a correct route table', () => {
  test('a rehearsal of a correct route table writes and reads an unused key once, and reports both requests', async () => {
    const { rehearsal, items } = await rehearsed({})
    expect(rehearsal).toEqual({
      exchanges: ['n1: PUT /items/a {"item":7} was answered 200 {}', 'n1: GET /items/a was answered 200 {"item":7}'],
      isOfTexts: false,
    })
    expect([...items]).toEqual([['a', 7]])
  })

  test('a rehearsal writes a value of the workload if clients do not write numbers', async () => {
    const { rehearsal } = await rehearsed({ value: { name: 'Ada' } })
    expect(rehearsal?.exchanges[1]).toContain('200 {"item":{"name":"Ada"}}')
  })

  test.each([
    ['refuse writes', (response: ServerResponse) => end(response, 403, { error: 'read only' })],
    ['redirect writes', (response: ServerResponse) => end(response, 307, undefined, { location: 'http://n2/' })],
    ['have no leader yet', (response: ServerResponse) => end(response, 503)],
  ])('a rehearsal ignores followers that %s', async (_, answer) => {
    const follower: Quirk = ({ method }, response) => method === 'PUT' && answer(response)
    const { rehearsal } = await rehearsed({ quirks: [follower, right, follower] })
    expect(rehearsal?.exchanges[0]).toMatch(/^n2: PUT/)
  })

  test('a rehearsal tries again while a node is behind or its database is not up', async () => {
    let asked = 0
    const slow: Quirk = ({ method }, response) => {
      asked++
      if (method === 'PUT') return asked < 4 && end(response, 500, { error: 'no connection' })
      return asked < 7 && end(response, 404)
    }
    const { rehearsal } = await rehearsed({ quirks: [slow] })
    expect(rehearsal?.exchanges).toHaveLength(2)
  })

  test('a rehearsal asks all nodes concurrently, so that hanging nodes do not delay each other', async () => {
    const held: (() => void)[] = []
    const waitsForOther: Quirk = ({ method, id, item }, response, items) => {
      if (method !== 'PUT') return false
      items.set(id, item ?? null)
      held.push(() => end(response, 200, {}))
      if (held.length === 2) for (const answer of held) answer()
      return true
    }
    const { rehearsal } = await rehearsed({ quirks: [waitsForOther, waitsForOther] })
    expect(rehearsal?.exchanges).toHaveLength(2)
  })

  test('a rehearsal writes nothing if the service accepts only the objects that clients use', async () => {
    const known: Quirk = ({ method, id }, response) => method === 'PUT' && id !== 'x' && end(response, 404)
    const { rehearsal, items } = await rehearsed({ quirks: [known], held: { x: 0, y: 0, z: 0 } })
    expect(rehearsal?.exchanges).toEqual([])
    expect(items.get('x')).toBe(0)
  })

  test('a rehearsal passes if followers refuse writes while no node leads', async () => {
    const { rehearsal } = await rehearsed({ quirks: [refuses(503, null), refuses(422, { error: 'not the leader' })] })
    expect(rehearsal?.exchanges).toEqual([])
  })

  test('a rehearsal writes nothing if the service refuses unused keys and every existing key has the value null', async () => {
    const known: Quirk = ({ method, id }, response) =>
      id === 'a' ? end(response, 400) : method === 'GET' && end(response, 200, { item: null })
    const { rehearsal, items } = await rehearsed({ quirks: [known] })
    expect(rehearsal?.exchanges).toEqual([])
    expect(items.size).toBe(0)
  })

  test('a rehearsal writes nothing if the only key is a constant and the service has no number at this key', async () => {
    const fixed = [READ, WRITE].map((route) => ({
      ...route,
      request: route.request.replace('{key}', 'only'),
      key: { const: 'only' },
    }))
    const { rehearsal, items } = await rehearsed({ routes: fixed, keys: ['x'] })
    expect(rehearsal?.exchanges).toEqual([])
    expect(items.size).toBe(0)
  })

  test.each([
    ['nobody leads', 503],
    ['there are too many requests', 429],
  ])('a rehearsal passes with a remark, and reports no requests, if %s', async (_, status) => {
    const busy: Quirk = ({ method }, response) => method === 'PUT' && end(response, status)
    const { rehearsal } = await rehearsed({ quirks: [busy, busy] })
    expect(rehearsal?.exchanges).toEqual([])
    expect(rehearsal?.remark).toMatch(
      /^no write has worked so far: n\d: PUT \/items\/a \{"item":7\} was answered \d+; n/,
    )
  })

  test('a rehearsal passes, and reports no requests, if a read returns another number than was written', async () => {
    const stale: Quirk = ({ method }, response) => method === 'GET' && end(response, 200, { item: 6 })
    expect((await rehearsed({ quirks: [stale] })).rehearsal?.exchanges).toEqual([])
  })
})

describe('a rehearsal of a service that answers with strings', () => {
  const asText: Quirk = ({ method, id }, response, items) =>
    method === 'GET' && items.has(id) && end(response, 200, { item: String(items.get(id)) })

  test('a rehearsal makes clients write strings if a written number is read back as a string', async () => {
    const { rehearsal, items, clients, nodes } = await rehearsed({ quirks: [asText] })
    expect(rehearsal?.remark).toBe('the service answers the string "7" for the number 7, so clients write strings')
    const client = clients.connect(nodes[0]!)
    const input = { f: 'write', key: 'x', value: 12 }
    await new Promise((resolve) => client.invoke({ input, harmless: false }, 1_000 as never, resolve))
    client.close()
    expect(items.get('x')).toBe('12')
  })

  test('a rehearsal makes clients write strings if the service refuses numbers', async () => {
    const strings: Quirk = ({ method, item }, response) =>
      method === 'PUT' && typeof item !== 'string' && end(response, 422, { error: 'not a string' })
    const { rehearsal } = await rehearsed({ quirks: [strings] })
    expect(rehearsal).toMatchObject({
      isOfTexts: true,
      remark: 'the service refuses numbers, so clients write strings',
    })
  })

  test('a rehearsal ends with an error if the service refuses strings too', async () => {
    const strict: Quirk = (asked, response, items) =>
      (typeof asked.item === 'string' && end(response, 422)) || asText(asked, response, items)
    await expect(rehearsed({ quirks: [strict] })).rejects.toThrow(
      `kv.json: the service returns a number as a string, and does not accept strings: GET /items/a was answered 200 {"item":"7"}, after PUT /items/a {"item":7} was answered 200 {}. Let it answer numbers as numbers, or write a client (kind "module") that does. ${WITHOUT}`,
    )
  })
})

describe('a rehearsal with a wrong route table', () => {
  const read = (changes: Partial<Route>): readonly Route[] => [{ ...READ, ...changes }, WRITE]
  const write = (changes: Partial<Route>): readonly Route[] => [READ, { ...WRITE, ...changes }]
  test.each<[string, Rehearsing, string]>([
    [
      'the path of reads',
      { routes: read({ request: 'GET /itemz/{key}' }) },
      'the first read after the first write did not find what was written: GET /itemz/a was answered 404 {"error":"no such path"}, after PUT /items/a {"item":7} was answered 200 {}. Correct the path of the route of reads. If it is right, the service has lost the write.',
    ],
    [
      'the path of writes',
      { routes: write({ request: 'PUT /itemz/{key}' }) },
      'the first write did not work: PUT /itemz/a {"item":7} was answered 404 {"error":"no such path"}. Correct the path of the route of writes.',
    ],
    [
      'the method',
      { routes: write({ request: 'POST /items/{key}' }) },
      'the first write did not work: POST /items/a {"item":7} was answered 405. Correct the method of the route of writes: the service allows GET, PUT.',
    ],
    [
      'what writes send',
      { routes: write({ value: 'json.itm' }) },
      'the first write did not work: PUT /items/a {"itm":7} was answered 422 {"error":"item is missing"}. Correct what the route of writes sends: the answer may say what the service expects.',
    ],
    [
      'the member of answers',
      { routes: read({ result: 'json.value' }) },
      'the first read has the value at json.item, and the route table looks elsewhere: GET /items/a was answered 200 {"item":7}, after PUT /items/a {"item":7} was answered 200 {}. Correct the route of reads: "result": "json.item".',
    ],
    [
      'the member of writes, if the service does not mind',
      {
        routes: write({ value: 'json.itm' }),
        quirks: [
          ({ method, id }, response, items) => {
            if (method === 'PUT') items.set(id, null)
            return method === 'PUT' && end(response, 200, {})
          },
        ],
      },
      'the first read after the first write did not find what was written: GET /items/a was answered 200 {"item":null}, after PUT /items/a {"itm":7} was answered 200 {}. Correct where the route of writes puts the value ("value"), or where the route of reads finds it ("result").',
    ],
    [
      'the type',
      { quirks: [({ method }, response) => method === 'GET' && end(response, 200, { item: true })] },
      'the first read has another type than the value written: GET /items/a was answered 200 {"item":true}, after PUT /items/a {"item":7} was answered 200 {}. Correct where the route of writes puts the value ("value"), or where the route of reads finds it ("result").',
    ],
    [
      'credentials',
      { quirks: [refuses(401, { error: 'no token' })] },
      'the first write did not work: PUT /items/a {"item":7} was answered 401 {"error":"no token"}. Give the route of writes the credentials that the service expects, such as "sends": {"header.Authorization": "Bearer …"}.',
    ],
    [
      'the content type',
      { quirks: [refuses(415, { error: 'a form, please' })] },
      'the first write did not work: PUT /items/a {"item":7} was answered 415 {"error":"a form, please"}. Give the route of writes the content type that the service expects: "sends": {"header.Content-Type": "…"}.',
    ],
    [
      'the address',
      { quirks: [refuses(308, null, { location: 'https://kv.test/items/a' })] },
      'the first write did not work: PUT /items/a {"item":7} was answered 308 null. Clients do not follow redirects (here to https://kv.test/items/a): correct the address, or the path of the route of writes.',
    ],
    [
      'the content that answers have',
      { quirks: [refuses(406, { error: 'text only' })] },
      'the first write did not work: PUT /items/a {"item":7} was answered 406 {"error":"text only"}. Let the route of writes accept what the service answers: "sends": {"header.Accept": "…"}.',
    ],
    [
      'the names of objects, if the service takes numbers',
      { quirks: [({ id }, response) => !/^\d+$/.test(id) && end(response, 400, { error: 'no number' })] },
      'the first write did not work: PUT /items/a {"item":7} was answered 400 {"error":"no number"}. Another form of object name works: PUT /items/900000007 {"item":7} was answered 200 {}. Use such object names: give "keys": "{number}" beside "routes".',
    ],
    [
      'both answers, if texts are refused otherwise than numbers',
      { quirks: [({ item }, response) => item !== undefined && end(response, 422, { error: typeof item })] },
      'the first write did not work: PUT /items/a {"item":7} was answered 422 {"error":"number"}, and PUT /items/a {"item":"7"} was answered 422 {"error":"string"}. Correct what the route of writes sends: the answer may say what the service expects.',
    ],
    [
      'the meaning of a read of nothing',
      { routes: [{ ...READ, outcomes: {} }, WRITE] },
      'the route table does not say what this answer means: GET /items/x was answered 404 {"error":"no such item"}. If 404 means that there is no value, say so in the route\'s "outcomes": {"404": "absent"}.',
    ],
    [
      'the meaning of a write that is only accepted',
      { quirks: [storesAnd(202, {})] },
      'the route table does not say what this answer means: PUT /items/a {"item":7} was answered 202 {}. If it means that the operation is done, add to the route: "outcomes": {"202": "ok"}.',
    ],
    [
      'a success that may be a refusal',
      { quirks: [storesAnd(200, { ok: false })] },
      'the route table does not say what this answer means: PUT /items/a {"item":7} was answered 200 {"ok":false}. Its body says "ok", which may be a refusal. Say what it means: "answers": [{"when": {"json.ok": false}, "outcome": "fail"}, {"when": {"json.ok": true}, "outcome": "ok"}].',
    ],
    [
      'a page in place of an object',
      { quirks: [(_, response) => response.end('<!doctype html>') !== undefined] },
      'the first read after the first write did not find what was written: GET /items/a was answered 200 <!doctype html>, after PUT /items/a {"item":7} was answered 200 <!doctype html>. The answer is a web page: correct the paths of the routes.',
    ],
  ])('a rehearsal ends with an error about %s', async (_, options, message) => {
    const error = await rehearsed(options).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'input',
      message: `kv.json: ${message} ${/write did not work.* (404|422) /.test(message) ? IF_CERTAIN : WITHOUT}`,
    })
  })

  test('a rehearsal accepts a write whose status the route table maps to info', async () => {
    const routes = [READ, { ...WRITE, outcomes: { 202: 'info' } }]
    const { rehearsal } = await rehearsed({ quirks: [storesAnd(202, {})], routes })
    expect(rehearsal).toEqual({ exchanges: [], isOfTexts: false })
  })

  test('a rehearsal reports an error of the service after status 500', async () => {
    const error = await rehearsed({ quirks: [refuses(500, { error: 'no table items' })] }).catch((thrown) => thrown)
    expect(error).toMatchObject({
      code: 'environment',
      message: `kv.json: the first write did not work: PUT /items/a {"item":7} was answered 500 {"error":"no table items"}. n1 reports an internal error: look into its log.\n${WITHOUT}`,
    })
  })
})
