import { expect, test } from 'vitest'
import { compileMapping } from '../../../src/routes/mapping/mapping.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'

const NO_FIELDS = { get: () => undefined }
const NOBODY = { connection: 0, address: '', process: undefined }

/**
 * Returns a function that interprets the answer to a request by a route table. Its arguments are the request's method
 * and body, and the answer's body.
 */
function mappingOf(result: string) {
  const read = { request: 'GET /kv/{key}', f: 'read', result, missing: 'absent' }
  const write = { request: 'PUT /kv/{key}', f: 'write', value: 'json.value' }
  const mapping = compileMapping(parseRouteTable({ routes: [read, write] }, 'x'))
  return (method: string, body: object, answer: object) => {
    const head = { method, target: '/kv/x', headers: NO_FIELDS }
    const { complete } = mapping.match(head).understand(head, { bytes: Buffer.from(JSON.stringify(body)) }, NOBODY)
    return complete({ status: 200, headers: NO_FIELDS, body: { bytes: Buffer.from(JSON.stringify(answer)) } })
  }
}

test('a reply with the written value at another path than "result" is not understood; the error names that path', () => {
  const ask = mappingOf('json.vaule')
  ask('PUT', { value: 7 }, {})
  expect(ask('GET', {}, { data: { value: 7 } })).toEqual({
    type: 'not-understood',
    error:
      'status 200, and nothing at json.vaule, but json.data.value has the written value. Give this place as the "result"',
  })
})

test('the values in a reply are compared with the last eight values that were written', () => {
  const ask = mappingOf('json.vaule')
  for (let value = 1; value <= 9; value++) for (let i = 0; i < 2; i++) ask('PUT', { value }, {})
  const places = Array.from({ length: 10 }, (_, value) => {
    const { type } = ask('GET', {}, [{ value: value + 1 }]) as { readonly type: string }
    return type
  })
  expect(places).toEqual(['ok', ...Array.from({ length: 8 }, () => 'not-understood'), 'ok'])
})

test.each([[null], [true]])(
  'a reply without a value at "result" means an absent value, even if %j was written and is at another path',
  (value) => {
    const ask = mappingOf('json.vaule')
    ask('PUT', { value }, {})
    expect(ask('GET', {}, { data: { value } })).toEqual({ type: 'ok', value: null })
  },
)

test.each([[0], ['a'], [[1, { a: null }]], [{ b: 1, a: 2 }]])(
  'a reply is not understood if it contains the written value %j only at another path than "result"',
  (value) => {
    const ask = mappingOf('json.vaule')
    ask('PUT', { value }, {})
    expect(ask('GET', {}, [null, { a: value }])).toMatchObject({
      error: expect.stringContaining('json.1.a has the written value'),
    })
  },
)

test.each([[''], [0], [false]])(
  'a reply without a value at "result", whose parent is there, is not understood after %j was written',
  (value) => {
    const ask = mappingOf('json.kvs.0.value')
    expect(ask('GET', {}, { kvs: [{ key: 'x' }] })).toEqual({ type: 'ok', value: null })
    ask('PUT', { value }, {})
    expect(ask('GET', {}, { kvs: [{ key: 'x' }] })).toEqual({
      type: 'not-understood',
      error: `status 200, and nothing at json.kvs.0.value, but ${JSON.stringify(value)} was written, which services may omit. Say in "answers" what means "absent"`,
    })
    // This reply has no `kvs.0`, of which the value would be a member.
    expect(ask('GET', {}, { revision: 3 })).toEqual({ type: 'ok', value: null })
  },
)

test('a reply without a value at "result" and without any written value means an absent value', () => {
  const ask = mappingOf('json.value')
  ask('PUT', { value: 7 }, {})
  expect(ask('GET', {}, { revision: 3 })).toEqual({ type: 'ok', value: null })
  expect(ask('GET', {}, {})).toEqual({ type: 'ok', value: null })
})

test('a reply that lacks the "result" path of its route means an absent value if an earlier reply had a value at this path', () => {
  const ask = mappingOf('json.value')
  ask('PUT', { value: 7 }, {})
  expect(ask('GET', {}, { value: 7 })).toEqual({ type: 'ok', value: 7 })
  expect(ask('GET', {}, { removed: 7 })).toEqual({ type: 'ok', value: null })
})
