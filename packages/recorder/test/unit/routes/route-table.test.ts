import { describe, expect, test } from 'vitest'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'
import { checkFunctions } from '../../../src/routes/parsing/table-checks.ts'
import type { RouteTable } from '../../../src/routes/table/route-table.ts'
import { embeddedRoutes } from '../../routes/embedded-routes.ts'

const route = (more: object) => ({ routes: [{ request: 'PUT /kv/{key}', f: 'write', value: 'body', ...more }] })
const read = { request: 'GET /kv/{key}', f: 'read', result: 'body' }
const routes = (...given: readonly object[]) => ({ routes: given })
const at = 'x: route 1 (PUT /kv/{key})'

test('a route table in JSON is parsed and returned unchanged', () => {
  expect(parseRouteTable(JSON.parse(JSON.stringify(embeddedRoutes)), 'routes.json')).toEqual(embeddedRoutes)
})

describe('a malformed route table', () => {
  test.each<[unknown, string]>([
    [[], 'x: [] is not an object.'],
    [{}, 'x: "routes" must be a non-empty list, such as [{"request":"GET /kv/{key}","f":"read","result":"body"}].'],
    [routes({}), 'x: route 1: "request" is undefined. Write a method and a path: "PUT /kv/{key}".'],
    [routes({ request: '/kv', f: 'read' }), 'x: route 1: "request" is "/kv". Write a method and a path'],
    [
      routes({ ...read, request: 'GET /search?q={v}' }),
      'a path is matched without its query. Write "GET /search", and take the value from "query.q".',
    ],
    [routes({ ...read, request: 'GET /kv/{the key}' }), 'x: route 1: "request" is "GET /kv/{the key}".'],
    [routes({ ...read, request: 'GET /kv/:key' }), 'a name in a path is written in braces. Write "GET /kv/{key}".'],
    [routes({ ...read, request: 'GET /<int:user>/x/<id>' }), 'in braces. Write "GET /{user}/x/{id}".'],
    [routes({ ...read, request: 'GET /kv/{a-b}' }), 'a name in braces consists of letters, digits and _, as in {key}.'],
    [routes({ ...read, request: 'GET /kv/{a}{b}' }), '{a}{b}: it is unclear where one name ends and the next begins'],
    [route({ f: 7 }), `${at}: "f" is 7. Say what the request does`],
    [route({ value: 'json.' }), '"value" is "json.". Give a place: path.NAME, query.NAME, header.NAME'],
    [
      route({ value: 'json.a[0]' }),
      '"value" is "json.a[0]". Elements are named by their position after a dot: "json.a.0".',
    ],
    [route({ value: ['json.old', 3] }), '"value" is 3. Write {"const": 3} for that value'],
    [route({ value: [] }), '"value" is an empty list.'],
    [route({ value: { constant: 1 } }), `${at}: "value" is {"constant":1}. Give a place ("json.value"), {"const": …}`],
    [route({ value: 'item.id' }), `"value" is "item.id", but there is no list of items. Name the list with "each".`],
    [
      route({ value: { from: 'header.Location', match: '/items' } }),
      '"match" is "/items". Give a pattern with one name',
    ],
    [route({ key: 'path.name' }), '"key" is "path.name", and the path has no {name}.'],
    [route({ result: 'path.key' }), '"result" is "path.key". An answer has: header.NAME, body, json, json.MEMBER.'],
    [
      route({ outcomes: { 4040: 'ok' } }),
      '"outcomes": "4040" is not a status. Write a status (404), a class of statuses (5xx), or a status of gRPC ("grpc NOT_FOUND").',
    ],
    [route({ outcomes: { 404: 'maybe' } }), '"outcomes": 404 is "maybe". Give one of ok, absent, fail, info.'],
    [route({ answers: [] }), `${at}: "answers" is []. Give a list of cases`],
    [
      route({
        answers: [
          { when: { 'json.a': 1 }, outcome: 'ok' },
          { when: { 'json.a': 2 }, outcome: 'maybe' },
        ],
      }),
      `${at}: "answers": case 2: "outcome" is "maybe"`,
    ],
    [
      {
        routes: [
          {
            request: 'POST /kv/{key}',
            operations: [
              { f: 'write', value: 'body' },
              { f: 'read', key: 'path.key' },
            ],
          },
        ],
      },
      'x: route 1 (POST /kv/{key}): operation 2: a read has no "result".',
    ],
    [route({ f: 'cas', value: { const: [1] } }), 'a cas needs two values'],
    [route({ f: 'cas', value: { const: 7 } }), 'a cas needs two values'],
    [route({ f: 'cas', value: ['json.a'] }), 'a cas needs two values'],
    [route({ f: 'cas', value: ['json.a', 'json.b', 'json.c'] }), 'a cas needs two values'],
    [
      route({ answers: [{ when: { 'path.key': 'x' }, outcome: 'ok' }] }),
      '"when": "path.key" is not a place in an answer. An answer has',
    ],
    [route({ when: {} }), `${at}: "when" is empty.`],
    [route({ harmless: 'yes' }), '"harmless" is "yes". Give true or false.'],
    [route({ missing: 'null' }), '"missing" is "null". Give "absent", or leave it out'],
    [route({ missing: 'absent' }), `${at}: "missing" needs a "result". Add a "result", or leave "missing" out.`],
    [route({ each: 'body' }), '"each" is "body". Give the place of a list'],
    [route({ each: 'json.items' }), `${at}: "each" is given without "key".`],
    [
      route({ client: 'header' }),
      `${at}: "client" is "header". Give what names the client: header.X-Client, cookie.sid`,
    ],
    [{ ...route({}), client: 'ip' }, 'x: "client" is "ip". Give what names the client'],
    [route({ body: 'x' }), 'x: route 1: unknown member "body". Known: request, when, ignore, f, key, value, result,'],
    [{ ...route({}), requestId: 3 }, 'x: "requestId" is 3. Name a field, such as "Idempotency-Key".'],
    [{ ...route({}), final: '' }, 'x: "final" is "". Name a field, such as "X-Final".'],
    [{ ...route({}), initial: null }, 'x: "initial" is null. Give "unknown", "read" or {"value": …}.'],
    [{ ...route({}), initial: 'read' }, 'x: "keys" is undefined. List the keys to read at the start'],
    [
      { ...route({}), keys: ['a'] },
      'x: "keys" lists the keys to read at the start: add "initial": "read", or omit "keys".',
    ],
    [{ ...route({}), initial: 'read', keys: ['a'] }, 'x: "initial" is "read", but no route can read a key'],
  ])('is refused: %j', (value, message) => {
    expect(() => parseRouteTable(value, 'x')).toThrow(message)
  })
})

/** Returns the routes of a collection, with a register for each key. */
const collection = (path: string, ...names: readonly string[]) => {
  const key = names.length === 0 ? {} : { key: names.map((name) => `path.${name}`) }
  return [
    { ...read, request: `GET ${path}`, ...key },
    { request: `PUT ${path}`, f: 'write', value: 'body', ...key },
  ]
}

describe('routes with several paths for possibly equal keys', () => {
  const cas = { request: 'POST /kv/{key}/cas', f: 'cas', value: ['json.old', 'json.new'] }
  const add = { request: 'POST /counter/{key}/add', f: 'add', value: 'json.n' }
  const users = [{ const: 'users' }, 'path.key']
  test.each<[string, readonly object[]]>([
    ['if only one of the paths is read', [...collection('/kv/{key}'), cas]],
    [
      'if one is read and the other changed',
      [
        { ...read, request: 'GET /get/{key}' },
        { request: 'POST /set/{key}', f: 'write', value: 'body' },
      ],
    ],
    ['if one reads a counter and the other adds to the counter', [{ ...read, request: 'GET /counter/{key}' }, add]],
    [
      'if the paths are equal except for the method',
      [...collection('/kv/{key}'), { ...read, request: 'HEAD /kv/{key}' }],
    ],
    [
      'if all keys have constants, different or equal',
      [...collection('/users/{key}'), ...collection('/people/{key}')].map((each) => ({ ...each, key: users })),
    ],
    [
      'if only one of the keys has a constant',
      [...collection('/kv/{key}'), ...collection('/users/{key}').map((each) => ({ ...each, key: users }))],
    ],
  ])('are accepted %s', (_, given) => {
    expect(() => parseRouteTable(routes(...given), 'x')).not.toThrow()
  })
})

test('a cas may have a constant pair as its value', () => {
  const cas = { request: 'POST /kv/{key}', f: 'cas', value: { const: [1, 2] } }
  expect(() => parseRouteTable(routes(cas), 'x')).not.toThrow()
})

test('a path in a route may have a colon within a segment', () => {
  expect(() => parseRouteTable(routes({ ...read, request: 'GET /kv/{key}:peek' }), 'x')).not.toThrow()
})

describe('a route table that is probably a mistake', () => {
  test.each<[string, unknown, string]>([
    [
      'a route without a key where others have one',
      routes({ ...read, request: 'GET /kv/{key}' }, { request: 'PUT /kv', f: 'write', value: 'json.value' }),
      'x: route 2 (PUT /kv): its write has no "key", but GET /kv/{key} has one, so these routes would never share an object. Say where the request has the key, such as "key": "json.key", or give a fixed key: "key": {"const": "NAME"}.',
    ],
    [
      'a name in the path that is not a key',
      routes({ ...read, request: 'GET /kv/{id}' }),
      'the path has {id}, but there is no "key". If this segment is the key, add "key": "path.id", or name it {key}. If not, write * instead.',
    ],
    [
      'a name in the path that nothing uses',
      routes({ ...read, request: 'GET /t/{tenant}/kv/{key}' }),
      '{tenant} of the path is not used, so paths that differ only in it name one object. Add it to the key ("key": ["path.tenant", "path.key"]), or replace it with *.',
    ],
    [
      'two collections with the same keys',
      routes(...collection('/users/{key}'), ...collection('/orders/{key}')),
      'x: /users/{key} and /orders/{key} are both read and changed, and have the same keys. Two objects with the same key would count as one. Distinguish them by a constant: "key": [{"const": "users"}, "path.key"] and "key": [{"const": "orders"}, "path.key"]. If they are the same objects, give both the same constant.',
    ],
    [
      'two collections whose keys have different names',
      routes(...collection('/{tenant}/users/{id}', 'tenant', 'id'), ...collection('/{t}/orders/{order}', 't', 'order')),
      '"key": [{"const": "users"}, "path.tenant", "path.id"] and "key": [{"const": "orders"}, "path.t", "path.order"]',
    ],
    [
      'a collection within another',
      routes(...collection('/users/{key}'), ...collection('/users/{key}/email')),
      '"key": [{"const": "users"}, "path.key"] and "key": [{"const": "email"}, "path.key"]',
    ],
    [
      'a read without a result',
      routes({ request: 'GET /kv/{key}', f: 'read' }),
      'a read has no "result". Say where the answer has the value: "result": "json.value", "body" or "header.ETag".',
    ],
    ['a write without a value', route({ value: undefined }), 'a write has no "value".'],
    ['an append without a value', route({ f: 'append', value: undefined }), 'an append has no "value".'],
    ['a cas of one value', route({ f: 'cas' }), 'a cas needs two values'],
    [
      'a route that an earlier one takes everything of',
      routes(
        { ...read, request: 'GET,HEAD /kv/{key}' },
        { ...read, request: 'GET /kv/special', key: { const: 'special' } },
      ),
      'x: route 2 (GET /kv/special) is never reached: route 1 (GET,HEAD /kv/{key}) comes before it',
    ],
    [
      'a route after a star',
      routes({ request: 'GET /static/*', ignore: true }, { ...read, request: 'GET /static/kv/{key}' }),
      'x: route 2 (GET /static/kv/{key}) is never reached',
    ],
    ['an ignored route that does something', routes({ ...read, ignore: true }), '"f" and "ignore" exclude each other'],
    ['a route that is not quite ignored', routes({ request: 'GET /', ignore: 'yes' }), '"ignore" is "yes". Give true'],
    [
      'operations beside an operation',
      routes({ ...read, operations: [{ f: 'read', result: 'body' }] }),
      '"f" is beside "operations". Give it in each of the operations instead.',
    ],
    ['no operations', routes({ request: 'GET /', operations: [] }), '"operations" is []. Give a list'],
    [
      'a result for no single item',
      route({ each: 'json.items', key: 'item.id', value: 'item.value', result: 'json.value' }),
      '"each" is a list in the request, so "result" is not the result of a single item.',
    ],
  ])('a route table is refused as a probable mistake for %s', (_, value, message) => {
    expect(() => parseRouteTable(value, 'x')).toThrow(message)
  })
})

describe('a route table with two similar routes', () => {
  test.each([
    ['with different methods', { ...read, request: 'HEAD /kv/special', key: { const: 's' } }],
    ['with more segments in one path', { ...read, request: 'GET /kv/{key}/history' }],
    ['with fewer segments in one path', { ...read, request: 'GET /kv', key: { const: 'all' } }],
  ])('two similar routes are accepted if they match requests %s', (_, other) => {
    expect(() => parseRouteTable(routes(read, other), 'x')).not.toThrow()
  })

  test('two similar routes are accepted if the conditional route precedes the general one', () => {
    const conditional = { ...read, when: { 'query.stale': 'ok' } }
    expect(() => parseRouteTable(routes(conditional, read), 'x')).not.toThrow()
  })
})

describe('the functions of a route table', () => {
  const models = [
    { name: 'register', functions: ['read', 'write', 'cas'] },
    { name: 'queue', functions: ['enqueue', 'dequeue'] },
  ]
  const table = (...fs: readonly string[]): RouteTable => ({
    routes: fs.map((f, i) => ({ request: `POST /${i}`, f, value: 'body', result: 'body' })),
  })
  const check = (value: RouteTable, wanted?: string) => () => checkFunctions(value, { models, wanted, where: 'x' })

  test('the functions of a route table are accepted if one model has all of them', () => {
    expect(check(table('read', 'write'))).not.toThrow()
    expect(check(table('enqueue'), 'queue')).not.toThrow()
    expect(check({ routes: [{ request: 'POST /', ignore: true }] })).not.toThrow()
  })

  test.each<[string, () => void, string]>([
    [
      'no model knows one of them',
      check(table('read', 'sett')),
      'x: route 2 (POST /1): "f" is "sett", which no model knows. They know: register: read,',
    ],
    [
      'one of them is misspelt',
      check(table('raed', 'write')),
      'x: route 1 (POST /0): "f" is "raed", which no model knows. Did you mean "read"? They know: register: read,',
    ],
    [
      'one of them has the name that other stores use',
      check(table('read', 'set')),
      'x: route 2 (POST /1): "f" is "set", which no model knows. Write "f": "write".',
    ],
    [
      'other stores have for a read',
      check(table('fetch', 'write')),
      'x: route 1 (POST /0): "f" is "fetch", which no model knows. Write "f": "read".',
    ],
    [
      'the requested model does not know one of them',
      check(table('read'), 'queue'),
      '"f" is "read", which the model queue does not know. It knows: enqueue, dequeue.',
    ],
    [
      'no single one knows',
      check(table('read', 'enqueue')),
      'x: route 2 (POST /1): "f" is "enqueue", which the model register does not know. Other routes use "read" of the model register',
    ],
    [
      'a model has that is none of the others’',
      () =>
        checkFunctions(table('read', 'write', 'delete'), {
          models: [...models, { name: 'watch', functions: ['read', 'put', 'delete'] }],
          where: 'x',
        }),
      'x: route 3 (POST /2): "f" is "delete", which the model register does not know. Other routes use "read" and "write" of the model register, and no model knows all of these functions. In a register, a delete is a write of null: "f": "write", "value": { "const": null }.',
    ],
  ])('the functions of a route table are refused if %s', (_, checking, message) => {
    expect(checking).toThrow(message)
  })
})
