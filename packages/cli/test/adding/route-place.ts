import { expect, test } from 'vitest'
import { compileRequestMaker } from '../../../recorder/src/routes/making/request-maker.ts'
import { tryRequest } from '../../../recorder/src/routes/mapping/try-request.ts'
import { parseRouteTable } from '../../../recorder/src/routes/parsing/parse-table.ts'
import { routeTableSchema } from '../../../recorder/src/routes/parsing/schema.ts'

const parsed = (more: object) =>
  parseRouteTable({ routes: [{ request: 'PUT /kv/{key}', f: 'write', ...more }] }, 'routes.json')

test('a place for values, defined by one added line, is read in requests and replies, written, and in the JSON Schema', () => {
  const table = parsed({ value: 'baggage.v', result: 'baggage.now' })
  const asker = { session: 'alice', requestId: '1', final: false }
  const put = compileRequestMaker(table, 'routes.json').make({ f: 'write', key: 'x', value: 7 }, asker)
  if (put.type === 'impossible') throw new Error(put.why)
  expect(put.request).toEqual({ method: 'PUT', target: '/kv/x', headers: [['Baggage', 'v=7']], body: '' })

  const { events } = tryRequest(table, put.request, { status: 200, headers: [['Baggage', 'now=8']], body: '' })
  // The place holds texts, which cannot distinguish the number 8 from the text `8`. A text that looks like a number is
  // recorded as a number.
  expect(events).toMatchObject([
    { type: 'invoke', f: 'write', key: 'x', value: 7 },
    { type: 'ok', value: 8 },
  ])

  expect(() => parsed({ value: 'baggage.V' })).toThrow('"value" is "baggage.V". Give a place')
  expect(() => parsed({ value: 'baggage.V' })).toThrow('baggage.NAME; of the answer: ')
  expect(JSON.stringify(routeTableSchema)).toContain('baggage')
})

test('a place for values, defined by one added line, carries the client name in recorded and in generated requests', () => {
  const table = parsed({ value: 'body', client: 'baggage.client' })
  const put = compileRequestMaker(table, 'routes.json').make(
    { f: 'write', key: 'x', value: 7 },
    { session: 'alice', requestId: '1', final: false },
  )
  if (put.type === 'impossible') throw new Error(put.why)
  expect(put.request.headers).toContainEqual(['Baggage', 'client=alice'])
  expect(tryRequest(table, put.request, { status: 200, headers: [], body: '' }).session).toBe('alice')
})
