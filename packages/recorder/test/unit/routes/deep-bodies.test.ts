import { describe, expect, test } from 'vitest'
import { tryRequest } from '../../../src/routes/mapping/try-request.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'

const lists = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

const read = { request: 'GET /items/{key}', f: 'read', result: 'json.item', missing: 'absent' }

/** Returns what is recorded of a request and its answer, without index, time and node. */
function recorded(route: object, request: string, body: string, answer: string) {
  const [method = '', target = ''] = request.split(' ')
  return tryRequest(
    parseRouteTable({ routes: [route] }, 'routes.json'),
    { method, target, headers: [], body },
    { status: 200, headers: [], body: answer },
  ).events
}

describe.each([
  ['lists', lists],
  ['objects', objects],
])('the recorder reads bodies of nested %s', (_, nest) => {
  test.each([501, 600, 100_000])(
    'a write nested %i levels deep is not recorded, and marks its key as possibly changed',
    (depth) => {
      const write = { request: 'PUT /items/{key}', f: 'write', value: 'json.item' }
      const events = recorded(write, 'PUT /items/x', `{"item":${nest(depth)}}`, '')
      expect(events.map(({ f, key }) => [f, key])).toEqual([['touched', 'x']])
      expect(JSON.stringify(events)).toContain('its body is nested deeper than 500 levels')
    },
  )

  test.each([501, 600, 100_000])('a read whose reply is nested %i levels deep has an unknown outcome', (depth) => {
    const events = recorded(read, 'GET /items/x', '', `{"item":${nest(depth)}}`)
    expect(events.filter(({ type }) => type === 'ok')).toEqual([])
    expect(events.at(-1)).toMatchObject({
      type: 'info',
      error: expect.stringContaining('its body is nested deeper than 500 levels'),
    })
  })

  test('a body that is 500 levels deep is recorded', () => {
    expect(recorded(read, 'GET /items/x', '', `{"item":${nest(500)}}`).at(-1)).toMatchObject({ type: 'ok' })
  })

  test.each([
    ['value', { value: 'json' }],
    ['value of a cas', { f: 'cas', value: ['json.item', 'json.item'] }],
    ['value composed of members', { value: { members: { a: 'json.item' } } }],
    ['key', { request: 'PUT /items', key: 'json.item', value: 'json.item' }],
    ['key of several parts', { key: ['path.key', 'json.item'], value: 'json.item' }],
    ["client's name", { client: 'json.item', value: 'json.item' }],
    ['condition', { when: { json: { item: 1 } }, value: 'json.item' }],
    [
      'list of objects',
      { request: 'PUT /items', each: 'json', key: 'name', value: 'item', result: undefined, missing: undefined },
    ],
  ])('the recorder does not throw at a deeply nested body if the route takes a %s from the body', (_what, more) => {
    const route = JSON.parse(
      JSON.stringify({ request: 'PUT /items/{key}', f: 'write', result: 'json.item', missing: 'absent', ...more }),
    )
    for (const depth of [498, 499, 500, 501, 502, 5_000])
      expect(() =>
        recorded(route, route.request.replace('{key}', 'x'), `{"item":${nest(depth)}}`, `{"item":${nest(depth)}}`),
      ).not.toThrow()
  })
})
