import { expect, test } from 'vitest'
import { tryRequest } from '../../../src/routes/mapping/try-request.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'

test('a path pattern with four names between dashes does not match a segment of 8,000 dashes', () => {
  const table = {
    routes: [
      { request: 'GET /{x}-{y}-{z}-{w}/q', key: ['path.x', 'path.y', 'path.z', 'path.w'], f: 'read', result: 'body' },
    ],
  }
  const asked = (target: string) =>
    tryRequest(
      parseRouteTable(table, 'routes.json'),
      { method: 'GET', target, headers: [], body: '' },
      { status: 200, headers: [], body: 'v' },
    ).route
  expect(asked('/a-b-c-d/q')).toBe(1)
  expect(asked(`/${'-'.repeat(8_000)}`)).toBeUndefined()
})
