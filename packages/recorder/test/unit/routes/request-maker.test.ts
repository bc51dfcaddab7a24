import { type Input, type Json, UserError } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileRequestMaker, generatorTable, requireFunctions } from '../../../src/routes/making/request-maker.ts'
import { tryRequest } from '../../../src/routes/mapping/try-request.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'
import { beginningIn, initialIn } from '../../../src/routes/table/route-table.ts'

const asker = { session: 'process-7', requestId: 'process-7-1', final: false }
const tableOf = (...routes: readonly object[]) => parseRouteTable({ routes }, 'routes.json')
const makerOf = (...routes: readonly object[]) => compileRequestMaker(tableOf(...routes), 'routes.json')

function made(input: Input, ...routes: readonly object[]) {
  const result = makerOf(...routes).make(input, asker)
  if (result.type === 'impossible') throw new Error(result.why)
  return result
}

const whyNot = (input: Input, ...routes: readonly object[]) => {
  const result = makerOf(...routes).make(input, asker)
  return result.type === 'impossible' ? result.why : 'made'
}

const GET = { request: 'GET /v1/{key}', f: 'read', result: 'json.value' }

test.each([
  ['is left to the workload', {}, undefined],
  ['is a value', { initial: { value: 2 } }, 2],
  ['is unknown', { initial: 'unknown' }, 'unknown'],
  ['is unknown to clients that read nothing beforehand', { initial: 'read', keys: ['x'] }, 'unknown'],
])('the initial value in a route table %s', (_, members, initial) => {
  const table = parseRouteTable({ routes: [GET], ...members }, 'routes.json')
  expect(beginningIn(table, 'routes.json')?.initial).toBe(initial)
})

test.each(['unknown', 2])('a route table for requests that chaos generates keeps the initial value %j', (initial) => {
  expect(initialIn(generatorTable(tableOf(GET), initial).initial)).toBe(initial)
})

test('the reason why no request can be generated names the route by its number', () => {
  const stream = { request: 'POST /v1/{key}', f: 'write', value: 'json.value', perhaps: true }
  const { refusals } = makerOf(GET, stream)
  expect(refusals.get('write')).toMatch(
    /^routes.json: route 2 \(POST \/v1\/\{key\}\): its operation only happens later/,
  )
  expect(whyNot({ f: 'write', key: 'x', value: 1 }, GET, stream)).toBe(refusals.get('write'))
})

describe('a request generated from a route table', () => {
  test('a request generated from a route table has encoded ids in its path', () => {
    const { request } = made({ f: 'read', key: 'a b/ü', value: null }, GET)
    expect(request).toMatchObject({ method: 'GET', target: '/v1/a%20b%2F%C3%BC', body: '' })
  })

  test('a generated request encodes keys in paths by RFC 3986, and keys in queries as query parameters', () => {
    const key = "-._~!$&'()*+,;=:@/?#[]%"
    const { request } = made({ f: 'read', key, value: null }, GET)
    expect(request.target).toBe("/v1/-._~!$&'()*+,;=:@%2F%3F%23%5B%5D%25")
    const search = { request: 'GET /v1', f: 'read', key: 'query.id', result: 'body' }
    expect(made({ f: 'read', key: 'a@b&c', value: null }, search).request.target).toBe('/v1?id=a%40b%26c')
  })

  test('a generated request contains values at any depth of its JSON body', () => {
    const route = { request: 'PUT /v1/{key}', f: 'write', value: 'json.data.items.0.n' }
    const { request } = made({ f: 'write', key: 'x', value: 7 }, route)
    expect(request.body).toBe('{"data":{"items":[{"n":7}]}}')
    expect(request.headers).toContainEqual(['Content-Type', 'application/json'])
  })

  test('a generated cas request has the old and the new value at the two JSON paths that the "value" of the route lists', () => {
    const route = { request: 'POST /v1/{key}/swap', f: 'cas', value: ['json.old', 'json.new'] }
    expect(made({ f: 'cas', key: 'x', value: [1, 2] }, route).request.body).toBe('{"old":1,"new":2}')
  })

  test('a generated request satisfies the conditions of its route', () => {
    const route = { request: 'POST /rpc', when: { 'json.op': 'set' }, f: 'write', key: 'json.id', value: 'json.to' }
    const { request } = made({ f: 'write', key: 'x', value: 7 }, route)
    expect(JSON.parse(request.body)).toEqual({ op: 'set', id: 'x', to: 7 })
  })

  test('a generated request uses the route whose constant equals the value, or else a route without a constant', () => {
    const put = { request: 'PUT /v1/{key}', f: 'write', value: 'json.value' }
    const drop = { request: 'DELETE /v1/{key}', f: 'write', value: { const: null } }
    expect(made({ f: 'write', key: 'x', value: null }, drop, put).request.method).toBe('DELETE')
    expect(made({ f: 'write', key: 'x', value: 1 }, drop, put).request.method).toBe('PUT')
  })

  test('a generated request has the headers and body members listed under "sends"', () => {
    const table = parseRouteTable(
      {
        sends: { 'header.Authorization': 'Bearer t' },
        routes: [
          {
            request: 'PUT /docs/{key}',
            f: 'cas',
            value: ['header.If-Match', 'answer.header.ETag'],
            sends: { json: { text: 'no. {value} by {session}', number: '{value}' } },
          },
        ],
      },
      'routes.json',
    )
    const result = compileRequestMaker(table, 'routes.json').make({ f: 'cas', key: 'a', value: ['"1"', 8] }, asker)
    if (result.type === 'impossible') throw new Error(result.why)
    expect(result.request.headers).toEqual([
      ['If-Match', '"1"'],
      ['Authorization', 'Bearer t'],
      ['Content-Type', 'application/json'],
    ])
    expect(JSON.parse(result.request.body)).toEqual({ text: 'no. 8 by process-7', number: 8 })
    const etag = { get: (name: string) => (name === 'etag' ? '"2"' : undefined) }
    expect(result.complete({ status: 200, headers: etag, body: undefined })).toEqual({
      type: 'ok',
      value: ['"1"', '"2"'],
    })
    expect(result.complete({ status: 412, headers: etag, body: undefined })).toMatchObject({ type: 'fail' })
  })

  test('a generated request contains its client name and its id, and a header if it is a final read', () => {
    const table = parseRouteTable(
      { client: 'header.X-Client', requestId: 'Idempotency-Key', final: 'X-Final', routes: [GET] },
      'routes.json',
    )
    const result = compileRequestMaker(table, 'routes.json').make(
      { f: 'read', key: 'x', value: null },
      { ...asker, final: true },
    )
    expect(result).toMatchObject({
      request: {
        headers: [
          ['X-Client', 'process-7'],
          ['Idempotency-Key', 'process-7-1'],
          ['X-Final', 'true'],
        ],
      },
    })
  })

  test('a generated request fills a missing part of the key with the constant that the route declares under "sends"', () => {
    const route = {
      request: 'GET /{tenant}/{id}',
      f: 'read',
      key: ['path.tenant', 'path.id'],
      result: 'body',
      sends: { 'path.tenant': 'acme' },
    }
    const result = made({ f: 'read', key: 'x', value: null }, route)
    expect(result.request.target).toBe('/acme/x')
    expect(result.key).toBe('acme/x')
    // Pass the key as it is recorded, with all its parts.
    expect(made({ f: 'read', key: 'acme/x', value: null }, route).key).toBe('acme/x')
  })

  test('a generated request fills {id} in its path with the key, without the constant part of the key', () => {
    const route = { request: 'GET /users/{id}', f: 'read', key: [{ const: 'users' }, 'path.id'], result: 'body' }
    for (const key of ['17', 'users/17'])
      expect(made({ f: 'read', key, value: null }, route)).toMatchObject({
        request: { target: '/users/17' },
        key: 'users/17',
      })
  })

  test('for a route with two key parts, a request for the key "x" is generated with the key "x/x"', () => {
    const route = { request: 'GET /{tenant}/{id}', f: 'read', key: ['path.tenant', 'path.id'], result: 'body' }
    expect(made({ f: 'read', key: 'x', value: null }, route).key).toBe('x/x')
  })
})

test('a request that is generated for a recorded key of several parts is recorded with the same key', () => {
  const part = fc.oneof(fc.constantFrom('a', '"', '/', '"a"', 'a/b', '\\', '"\\"/'), fc.string({ minLength: 1 }))
  fc.assert(
    fc.property(part, part, part, (tenant, shelf, id) => {
      const route = { request: 'GET /q', f: 'read', key: ['query.t', 'query.s', 'query.id'], result: 'body' }
      const target = `/q?${new URLSearchParams({ t: tenant, s: shelf, id })}`
      const table = tableOf(route)
      const answer = { status: 200, headers: [], body: '' }
      const { events } = tryRequest(table, { method: 'GET', target, headers: [], body: '' }, answer)
      const key = String(events[0]?.['key'])
      expect(made({ f: 'read', key, value: null }, route)).toMatchObject({ key })
    }),
  )
})

/** Places of a key and a value. What is written to a place is also read from this place. */
const keyPlaces = [
  'path.key',
  'query.k',
  'header.X-Key',
  'json.id',
  { from: 'json.name', match: '/items/{id}' },
] as const
const valuePlaces = [
  'json.value',
  'json.a.b',
  'json.list.0',
  'header.X-Value',
  'query.v',
  'body',
  'form.v',
  { members: { n: 'json.n' } },
] as const

test('a request generated from a route table is parsed back into the same operation', () => {
  const key = fc.string({ unit: 'grapheme-ascii', minLength: 1 }).filter((text) => /^[\x21-\x7e]+$/.test(text))
  fc.assert(
    fc.property(
      fc.constantFrom(...keyPlaces),
      fc.constantFrom(...valuePlaces),
      key,
      fc.oneof(fc.integer(), fc.stringMatching(/^[a-z;&=%"/ü ]{0,9}[a-z]$/)),
      (keyPlace, valuePlace, name, plain) => {
        const path = keyPlace === 'path.key' ? '/v1/{key}' : '/v1'
        const table = tableOf({ request: `PUT ${path}`, f: 'write', key: keyPlace, value: valuePlace })
        const value: Json = typeof valuePlace === 'object' ? { n: plain } : plain
        const result = compileRequestMaker(table, 'routes.json').make({ f: 'write', key: name, value }, asker)
        if (result.type === 'impossible') {
          // If the key or the value does not fit its place in the request, no request is made, and `why` says so.
          expect(result.why).toMatch(/cannot (hold|say)|at once/)
          return
        }
        const { events } = tryRequest(table, result.request, { status: 200, headers: [], body: '' })
        expect(events[0]).toMatchObject({ type: 'invoke', f: 'write', key: name, value })
      },
    ),
    { numRuns: 400 },
  )
})

describe('a route that cannot generate requests', () => {
  test.each([
    [
      'a key that the server makes',
      { request: 'POST /items', f: 'write', key: 'answer.json.id', value: 'json.name' },
      /Add a route with the key in the request/,
    ],
    [
      'a version that only the answer tells',
      { request: 'PUT /{key}', f: 'write', value: 'answer.header.ETag' },
      /"sends": \{"body": "\{value\}"\}/,
    ],
    [
      'a list of objects',
      { request: 'POST /batch', f: 'write', each: 'json', key: 'name', value: 'item' },
      /Add a route for a single one/,
    ],
    [
      'a segment that may be anything',
      { request: 'PUT /*/kv/{key}', f: 'write', value: 'body' },
      /replace \* with the segment/,
    ],
    ['a request without a key', { request: 'PUT /one', f: 'write', value: 'body' }, /has no place for a key/],
    [
      'two bodies at once',
      { request: 'PUT /{key}', f: 'write', value: 'body', sends: { 'json.a': 1 } },
      /JSON and a text at once/,
    ],
    ['a body of a GET', { request: 'GET /{key}', f: 'write', value: 'json.v' }, /a GET has no body/],
  ])('a route that cannot generate requests is refused because of %s', (_, route, remedy) => {
    expect(whyNot({ f: 'write', key: 'x', value: 1 }, route)).toMatch(remedy)
  })

  test('a route with several operations is refused for generated requests', () => {
    const route = {
      request: 'POST /move/{key}',
      operations: [
        { f: 'write', value: 'json.v' },
        { f: 'write', key: { const: 'log' }, value: 'json.v' },
      ],
    }
    expect(whyNot({ f: 'write', key: 'x', value: 1 }, route)).toMatch(/Give each its own route/)
  })

  test('a route is refused for generated requests if an earlier route matches its requests', () => {
    const first = { request: 'PUT /{key}', when: { 'json.v': 1 }, f: 'append', value: 'json.v' }
    const second = { request: 'PUT /{key}', f: 'write', value: 'json.v' }
    expect(whyNot({ f: 'write', key: 'x', value: 1 }, first, second)).toMatch(/route 1 takes its requests/)
  })

  test('requireFunctions throws an error if no route has a required function', () => {
    expect(() => requireFunctions(makerOf(GET), ['read', 'write'], 'routes.json')).toThrow(UserError)
    expect(() => requireFunctions(makerOf(GET), ['read', 'write'], 'routes.json')).toThrow('no route says how to write')
  })
})
