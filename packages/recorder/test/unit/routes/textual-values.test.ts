import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { compileMapping } from '../../../src/routes/mapping/mapping.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'

const NO_FIELDS = { get: () => undefined }
const NOBODY = { connection: 0, address: '', process: undefined }

/**
 * Records a request and its answer by a table with these routes. Returns the recorded value and the recorded result.
 */
function recorded(routes: readonly object[], method: string, target: string, body: string, answer = ''): unknown[] {
  const mapping = compileMapping(parseRouteTable({ routes }, 'test'))
  const head = { method, target, headers: NO_FIELDS }
  const { understanding, complete } = mapping.match(head).understand(head, { bytes: Buffer.from(body) }, NOBODY)
  if (understanding.kind !== 'operations') return [understanding]
  const completion = complete({ status: 200, headers: NO_FIELDS, body: { bytes: Buffer.from(answer) } })
  return [understanding.calls[0].value, 'value' in completion ? completion.value : completion]
}

const read = (result: string) => ({ request: 'GET /kv/{key}', f: 'read', result })
const write = (value: string | readonly string[]) => ({ request: 'PUT /kv/{key}', f: 'write', value })

describe('a value from a query, form or body in plain text', () => {
  test.each(['query.v', 'form.v'])(
    'a value from a query, form or plain text is recorded as a number if its text is a number: %s',
    (place) => {
      const routes = [read('json.v'), write(place)]
      const target = place === 'query.v' ? '/kv/x?v=5' : '/kv/x'
      expect(recorded(routes, 'PUT', target, 'v=5')[0]).toBe(5)
      expect(recorded(routes, 'GET', '/kv/x', '', '{"v":5}')[1]).toBe(5)
      expect(recorded(routes, 'GET', '/kv/x', '', '{"v":"5"}')[1]).toBe(5)
    },
  )

  test('if a table reads plain text, numeric texts in JSON lists and objects are recorded as numbers', () => {
    const routes = [read('json'), write(['query.v', 'json'])]
    expect(recorded(routes, 'PUT', '/kv/x?v=1', '{"a":["2",{"b":"x"}]}')[0]).toEqual([1, { a: [2, { b: 'x' }] }])
  })

  const numbers: readonly [string, Json][] = [
    ['0', 0],
    ['-1', -1],
    ['0.5', 0.5],
    ['9007199254740991', 9007199254740991],
    ['05', '05'],
    ['+5', '+5'],
    ['5.0', '5.0'],
    ['1e3', '1e3'],
    ['-0', '-0'],
    ['', ''],
    [' 5', ' 5'],
    ['9007199254740992', '9007199254740992'],
    ['12345678901234567890', '12345678901234567890'],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['0x10', '0x10'],
  ]
  test.each(numbers)('the plain text %j in a body is recorded as the value %j', (text, value) => {
    expect(recorded([write('body')], 'PUT', '/kv/x', text)[0]).toBe(value)
  })

  test('the initial value "0" of a plain-text route table is read as a number', () => {
    const table = parseRouteTable({ initial: { value: '0' }, routes: [read('body')] }, 'test')
    expect(table.initial).toEqual({ value: 0 })
  })

  test('a plain-text value that looks like a number is recorded as text if the table has a route for append', () => {
    const append = { request: 'POST /kv/{key}', f: 'append', value: 'body' }
    expect(recorded([read('body'), append], 'POST', '/kv/x', '5')[0]).toBe('5')
    expect(recorded([read('body'), append], 'GET', '/kv/x', '', '12')[1]).toBe('12')
  })
})

test('texts and numbers in JSON are recorded as distinct values', () => {
  const routes = [read('json.v'), write('json.v')]
  expect(recorded(routes, 'PUT', '/kv/x', '{"v":"5"}')[0]).toBe('5')
  expect(recorded(routes, 'PUT', '/kv/x', '{"v":5}')[0]).toBe(5)
})

test('a single line break at the end of a text value is ignored', () => {
  const routes = [read('body'), write('body')]
  const texts = ['a', 'a\n', 'a\r\n', 'a\n\n', '\na', '5\n']
  expect(texts.map((text) => recorded(routes, 'PUT', '/kv/x', text)[0])).toEqual(['a', 'a', 'a', 'a\n', '\na', 5])
  expect(recorded(routes, 'GET', '/kv/x', '', 'a\n')[1]).toBe('a')
  const named = [{ ...write('path.key'), when: { body: 'set\n' } }]
  expect(recorded(named, 'PUT', '/kv/x', 'set')[0]).toBe('x')
})

test('a text is recorded alike whether it is a whole body or a member of JSON', () => {
  const long = 'é'.repeat(3_000)
  for (const text of ['short', long]) {
    const routes = [read('json.v'), write('body')]
    const [written] = recorded(routes, 'PUT', '/kv/x', text)
    expect(recorded(routes, 'GET', '/kv/x', '', JSON.stringify({ v: text }))[1]).toEqual(written)
  }
  const apart = [read('json.v'), write('json.v')]
  expect(recorded(apart, 'GET', '/kv/x', '', JSON.stringify({ v: long }))[1]).toBe(long)
})
