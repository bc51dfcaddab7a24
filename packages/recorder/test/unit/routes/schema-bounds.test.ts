import { describe, expect, test } from 'vitest'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'
import { routeTableSchema } from '../../../src/routes/parsing/schema.ts'
import { invalidBy, type Schema } from '../../routes/json-schema.ts'

const read = { request: 'GET /kv/{key}', f: 'read', result: 'body' }
const write = { request: 'PUT /kv/{key}', f: 'write', value: 'json.v' }
const routes = [read]
const operation = { f: 'read', key: 'path.key', result: 'body' }
const { f: _, result: __, ...bare } = read

describe('the schema and the parser of route tables', () => {
  test.each<readonly [string, object]>([
    ['one route', { routes }],
    ['one key to read at the start', { initial: 'read', keys: ['x'], routes }],
    ['one ignored parameter', { ignoredParameters: ['_'], routes }],
    ['a field of one character', { requestId: 'X', routes }],
    ['an initial value', { initial: { value: 0 }, routes }],
    ['one condition of a request', { routes: [{ ...read, when: { 'query.a': '1' } }] }],
    ['one case with one condition', { routes: [{ ...read, answers: [{ when: { 'json.a': 1 }, outcome: 'ok' }] }] }],
    ['one operation', { routes: [{ ...bare, operations: [operation] }] }],
    ['one value in a list', { routes: [{ ...write, value: ['json.v'] }] }],
    ['one member', { routes: [{ ...write, value: { members: { a: 'json.v' } } }] }],
    ['one part that is sent', { sends: { 'header.X-Token': 'a' }, routes }],
    ['an ignored request', { routes: [read, { request: 'POST /health', ignore: true }] }],
  ])('the schema and the parser accept a route table with %s', (___, table) => {
    expect(invalidBy(routeTableSchema as Schema, table)).toBeUndefined()
    expect(parseRouteTable(table, 'x').routes.length).toBeGreaterThan(0)
  })

  test.each<readonly [string, object]>([
    ['no keys to read at the start', { initial: 'read', keys: [], routes }],
    ['an empty key to read at the start', { initial: 'read', keys: [''], routes }],
    ['no ignored parameters', { ignoredParameters: [], routes }],
    ['an empty field', { requestId: '', routes }],
    ['an unknown member beside the initial value', { initial: { value: 0, more: 1 }, routes }],
    ['no conditions of a request', { routes: [{ ...read, when: {} }] }],
    ['no cases', { routes: [{ ...read, answers: [] }] }],
    ['a case without conditions', { routes: [{ ...read, answers: [{ when: {}, outcome: 'ok' }] }] }],
    [
      'an unknown member of a case',
      { routes: [{ ...read, answers: [{ when: { 'json.a': 1 }, outcome: 'ok', more: 1 }] }] },
    ],
    ['no operations', { routes: [{ ...bare, operations: [] }] }],
    ['no values in a list', { routes: [{ ...write, value: [] }] }],
    ['an unknown member of a value', { routes: [{ ...write, value: { members: { a: 'json.v' }, more: 1 } }] }],
    ['nothing that is sent', { sends: {}, routes }],
    ['false for an ignored request', { routes: [read, { request: 'POST /health', ignore: false }] }],
  ])('the schema and the parser refuse a route table with %s', (___, table) => {
    expect(invalidBy(routeTableSchema as Schema, table)).toBeDefined()
    expect(() => parseRouteTable(table, 'x')).toThrow()
  })

  test('the schema of route tables refuses a value that is an object without members', () => {
    expect(invalidBy(routeTableSchema as Schema, { routes: [{ ...write, value: { members: {} } }] })).toBeDefined()
  })
})
