import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
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

test('parseRouteTable refuses a descriptor that is given as a file name', () => {
  expect(() => parseRouteTable(tables[0], 'x')).toThrow('"descriptor" is "etcd.desc". A file name is not possible here')
})
