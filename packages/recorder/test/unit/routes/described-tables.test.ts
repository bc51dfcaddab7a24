import { expect, test } from 'vitest'
import { describeTable } from '../../../src/routes/mapping/describe-table.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'
import { recording } from '../../record/in-memory.ts'

const read = { request: 'GET /kv/{key}', f: 'read', result: 'json.v' }
const write = { request: 'PUT /kv/{key}', f: 'write', value: 'json.v' }

test.each<readonly [object, object]>([
  [{}, { by: 'connection', named: false }],
  [{ client: 'header.X-Client' }, { by: 'header.X-Client', named: true }],
])('a route table with %j gives the history the client names %j', (more, sessions) => {
  const { recorder } = recording()
  describeTable(parseRouteTable({ routes: [read, write], ...more }, 'x'), recorder)
  expect(recorder.sessions).toEqual(sessions)
  expect(recorder.mapping).toBe('routes')
})

test.each([
  [undefined, 'unknown'],
  ['unknown', 'unknown'],
  [{ value: 7 }, 7],
])('a route table with the initial value %j gives the history the initial value %j', (initial, recorded) => {
  const { recorder } = recording()
  describeTable(parseRouteTable({ routes: [read, write], ...(initial && { initial }) }, 'x'), recorder)
  expect(recorder.initial).toEqual(recorded)
})

test('a history names every source of client names, except those of ignored routes', () => {
  const { recorder } = recording()
  const routes = [
    { ...read, client: 'cookie.sid' },
    { ...write, client: 'header.X-Client' },
    { request: 'GET /', ignore: true },
  ]
  describeTable(parseRouteTable({ routes }, 'x'), recorder)
  expect(recorder.sessions).toEqual({ by: 'cookie.sid, header.X-Client', named: true })
})
