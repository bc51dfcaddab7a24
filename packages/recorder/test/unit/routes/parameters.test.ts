import fc from 'fast-check'
import { expect, test } from 'vitest'
import { queryOf } from '../../../src/routes/mapping/message.ts'
import { readWrittenAnswer, readWrittenRequest, tryRequest } from '../../../src/routes/mapping/try-request.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'

const read = { request: 'GET /kv/{key}', f: 'read', result: 'body' }
const write = { request: 'PUT /kv/{key}', f: 'write', value: 'body' }

const tried = (table: object, request: string) =>
  tryRequest(parseRouteTable(table, 'x'), readWrittenRequest(request, 'request'), readWrittenAnswer('200', 'answer'))

const marks = (table: object, request: string) =>
  tried(table, request)
    .events.filter(({ process }) => process === 'recorder')
    .map(({ f, key, value }) => [f, key, (value as { readonly why?: string }).why?.replace(/ in the query.*/, '')])

test('a read is not understood if it has a parameter that no route names', () => {
  const routes = [read, write]
  const why = 'no route names the parameter "version"'
  expect(marks({ routes }, 'GET /kv/x?version=previous')).toEqual([['not-understood', 'x', why]])
  expect(marks({ routes }, 'GET /kv/x?at=3&version')).toEqual([
    ['not-understood', 'x', 'no route names the parameters "at", "version"'],
  ])
  expect(tried({ routes }, 'GET /kv/x').kind).toBe('operations')
  expect(tried({ routes }, 'GET /kv/x?').kind).toBe('operations')
})

test('a write with a parameter that no route names is not recorded, and marks its key', () => {
  expect(marks({ routes: [read, write] }, 'PUT /kv/x?dry_run=true')).toEqual([
    ['touched', 'x', 'no route names the parameter "dry_run"'],
  ])
})

test('a query parameter is known if the route table or a route for the path uses it', () => {
  const other = (more: object) => ({ routes: [{ ...read, ...more }] })
  expect(tried(other({ request: 'GET /kv', key: 'query.id' }), 'GET /kv?id=x').kind).toBe('operations')
  expect(tried(other({ client: 'query.who' }), 'GET /kv/x?who=eve').kind).toBe('operations')
  expect(tried(other({ sends: { 'query.token': 't' } }), 'GET /kv/x?token=t').kind).toBe('operations')
  expect(tried({ ...other({}), client: 'query.who' }, 'GET /kv/x?who=eve').kind).toBe('operations')
  expect(tried({ ...other({}), sends: { 'query.token': 't' } }, 'GET /kv/x?token=t').kind).toBe('operations')
  const old = { request: 'GET /kv/{key}', when: { 'query.version': 'previous' }, ignore: true }
  expect(tried({ routes: [old, read] }, 'GET /kv/x?version=previous').kind).toBe('passed-on')
  expect(tried({ routes: [old, read] }, 'GET /kv/x?version=current').kind).toBe('operations')
})

test('a parameter that is listed in ignoredParameters is ignored', () => {
  const table = { ignoredParameters: ['_'], routes: [read] }
  expect(tried(table, 'GET /kv/x?_=17').kind).toBe('operations')
  expect(tried(table, 'GET /kv/x?_=17&at=3').kind).toBe('not-understood')
  expect(() => parseRouteTable({ ignoredParameters: '_', routes: [read] }, 'x')).toThrow(
    'x: "ignoredParameters" is "_". List names of query parameters',
  )
})

test('a query is parsed according to the URL standard, even with malformed escapes and bytes', () => {
  const escapes = ['%', '%4', '%41', '%C3%A9', '%c3%41', '%ff', '%e2%82', '%ac', '%F0%9F', '%98%80', '%25', '%26', '%0']
  const part = fc.oneof(fc.constantFrom(...escapes, '+', '&', '=', '\u00c3', '\u00a9'), fc.string({ maxLength: 2 }))
  fc.assert(
    fc.property(
      fc.array(part).map((parts) => parts.join('')),
      (query) => {
        const text = Buffer.from(query, 'latin1').toString('utf8')
        // If the query has a malformed escape, Node's parser keeps only the low byte of each non-ASCII character. So
        // escape the non-ASCII characters first.
        const ascii = text.replace(/[^\0-\x7f]/gu, encodeURIComponent)
        expect([...queryOf(query)]).toEqual([...new URLSearchParams(ascii)])
      },
    ),
    { numRuns: 1_000 },
  )
})
