import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { tryRequest } from '../../../../recorder/src/routes/mapping/try-request.ts'
import { parseRouteTable } from '../../../../recorder/src/routes/parsing/parse-table.ts'
import { withDescriptor } from '../../../src/control/table-descriptor.ts'

const page = readFileSync(new URL('../../../../recorder/docs/HTTP2.md', import.meta.url), 'utf8')
const tables = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, table = '']) => JSON.parse(table) as object)

test('parseRouteTable accepts the route tables in HTTP2.md', () => {
  const read = (path: string) => {
    expect(path).toBe('tables/etcd.desc')
    // The descriptor of another service, which has none of the route's messages.
    return readFileSync(new URL('../../grpc/kv.desc', import.meta.url))
  }
  expect(tables.length).toBe(2)
  for (const table of tables) {
    const parsed = parseRouteTable(withDescriptor(table, 'tables/routes.json', read), 'routes.json')
    expect(parsed.routes.length).toBeGreaterThan(0)
    expect(parsed.schema?.methods.size).toBeGreaterThan(0)
  }
})

test.each([
  ['put', { key: 'YQ==', value: 'MQ==' }, 'operations'],
  ['put', { key: 'YQ==', ignore_value: true }, 'passed-on'],
  ['put', { key: 'YQ==', ignoreValue: true }, 'passed-on'],
  ['deleterange', { key: 'YQ==' }, 'operations'],
  ['deleterange', { key: 'YQ==', range_end: 'AA==' }, 'passed-on'],
  ['deleterange', { key: 'YQ==', rangeEnd: 'AA==' }, 'passed-on'],
  ['range', { key: 'YQ==' }, 'operations'],
  ['range', { key: 'YQ==', count_only: true }, 'passed-on'],
  ['range', { key: 'YQ==', countOnly: true }, 'passed-on'],
])('the table for etcd in HTTP2.md reads members of the gateway in both spellings: %s %j', (call, request, kind) => {
  const asked = { method: 'POST', target: `/v3/kv/${call}`, headers: [], body: JSON.stringify(request) }
  const table = parseRouteTable(tables[1], 'routes.json')
  expect(tryRequest(table, asked, { status: 200, headers: [], body: '{}' }).kind).toBe(kind)
})

test.each([
  ['{"header":{}}', 'null'],
  ['{"kvs":[{"key":"YQ==","value":"MQ=="}]}', '"MQ=="'],
  ['{"kvs":[{"key":"YQ==","version":"1"}]}', 'not-understood'],
])('the table for etcd in HTTP2.md takes no omitted empty value of the gateway as absent: %s', (body, read) => {
  const asked = { method: 'POST', target: '/v3/kv/range', headers: [], body: '{"key":"YQ=="}' }
  const table = parseRouteTable(tables[1], 'routes.json')
  const { events } = tryRequest(table, asked, { status: 200, headers: [], body })
  const answered = events.find(({ type, f }) => type === 'ok' || f === 'not-understood')
  expect(answered?.['f'] === 'read' ? JSON.stringify(answered['value']) : answered?.['f']).toBe(read)
})

test('parseRouteTable refuses a descriptor that is given as a file name', () => {
  expect(() => parseRouteTable(tables[0], 'x')).toThrow('"descriptor" is "etcd.desc". A file name is not possible here')
})
