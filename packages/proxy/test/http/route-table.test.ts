import { embeddedRoutes, parseRouteTable } from '@chaos/proxy'
import { describe, expect, test } from 'vitest'

const route = (more: object) => ({ routes: [{ request: 'PUT /kv/{key}', f: 'write', ...more }] })

test('a table is data, and read as it was written', () => {
  expect(parseRouteTable(JSON.parse(JSON.stringify(embeddedRoutes)), 'routes.json')).toEqual(embeddedRoutes)
})

describe('says what is wrong, where, and what to give instead', () => {
  test.each([
    [[], 'x: [] is no object.'],
    [{}, 'x: "routes" must be a list of at least one, such as {"request":"GET /kv/{key}","f":"read","result":"body"}.'],
    [{ routes: [{}] }, 'x: route 1: "request" is undefined. Write a method and a path: "PUT /kv/{key}".'],
    [{ routes: [{ request: '/kv', f: 'read' }] }, 'x: route 1: "request" is "/kv".'],
    [route({ f: 7 }), 'x: route 1 (PUT /kv/{key}): "f" is 7. Say what the request does'],
    [route({ value: 'json.' }), '"value" is "json.". Give a place: body, json, json.MEMBER, path.NAME, query.NAME or'],
    [route({ value: ['json.old', 3] }), '"value" is 3. Give a place'],
    [route({ key: 'path.name' }), '"key" is "path.name", and the path has no {name}.'],
    [route({ result: 'path.key' }), '"result" is "path.key". An answer has a "body", "json.MEMBER" or "header.NAME".'],
    [route({ outcomes: { 4040: 'ok' } }), '"outcomes": "4040" is no status. Write 404, a class of them: 5xx, or gRPC'],
    [route({ outcomes: { 404: 'maybe' } }), '"outcomes": 404 is "maybe". Give one of ok, absent, fail, info.'],
    [route({ harmless: 'yes' }), '"harmless" is "yes". Give true or false.'],
    [
      route({ body: 'x' }),
      'x: route 1 has no member "body". It has: request, f, key, value, result, outcomes, harmless.',
    ],
    [{ ...route({}), requestId: 3 }, 'x: "requestId" is 3. Name a field, such as "Idempotency-Key".'],
  ])('%j', (value, message) => {
    expect(() => parseRouteTable(value, 'x')).toThrow(message)
  })
})
