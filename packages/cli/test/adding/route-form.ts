import { expect, test } from 'vitest'
import { compileRequestMaker } from '../../../recorder/src/routes/making/request-maker.ts'
import { tryRequest } from '../../../recorder/src/routes/mapping/try-request.ts'
import { parseRouteTable } from '../../../recorder/src/routes/parsing/parse-table.ts'
import { routeTableSchema } from '../../../recorder/src/routes/parsing/schema.ts'

const ROUTE = { request: 'PUT /kv/{key}', f: 'write', value: { of: 'json.value', behind: 'v-' } }
const parsed = (value: unknown) => parseRouteTable({ routes: [{ ...ROUTE, value }] }, 'routes.json')

test('a value format defined by one added line is parsed, written, validated and in the JSON Schema', () => {
  const table = parsed(ROUTE.value)
  const made = compileRequestMaker(table, 'routes.json')
  const asker = { session: 'a', requestId: '1', final: false }
  const put = made.make({ f: 'write', key: 'x', value: 'seven' }, asker)
  if (put.type === 'impossible') throw new Error(put.why)
  expect(put.request).toMatchObject({ method: 'PUT', target: '/kv/x', body: '{"value":"v-seven"}' })

  const { events } = tryRequest(table, put.request, { status: 200, headers: [], body: '' })
  expect(events[0]).toMatchObject({ type: 'invoke', f: 'write', key: 'x', value: 'seven' })

  const number = made.make({ f: 'write', key: 'x', value: 7 }, asker)
  expect(number).toMatchObject({ type: 'impossible', why: expect.stringContaining('it takes a text, and 7 is none') })
  expect(() => parsed({ of: 'nowhere', behind: 'v-' })).toThrow('"value": "of" is "nowhere"')
  expect(() => parsed({ off: 'body' })).toThrow('{"of": "json.value", "behind": "v-"}')
  expect(JSON.stringify(routeTableSchema)).toContain('"required":["of","behind"]')
})
