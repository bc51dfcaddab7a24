import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readWrittenAnswer, readWrittenRequest, tryRequest } from '../../../src/routes/mapping/try-request.ts'
import { parseRouteTable } from '../../../src/routes/parsing/parse-table.ts'
import { routeMembers } from '../../../src/routes/parsing/route-members.ts'
import { routeTableSchema } from '../../../src/routes/parsing/schema.ts'
import { tableMembers } from '../../../src/routes/parsing/table-members.ts'
import { invalidBy, type Schema } from '../../routes/json-schema.ts'

const page = readFileSync(new URL('../../../docs/ROUTES.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, kind = '', text = '']) => ({ kind, text }))

/** The examples on the page: a table, a request, its answer, and what is recorded. */
const examples = blocks.flatMap(({ kind, text }, i) => {
  if (kind !== 'json') return []
  const [request, answer, events] = blocks.slice(i + 1, i + 4)
  return [{ table: text, request: request?.text ?? '', answer: answer?.text ?? '', events: events?.text ?? '' }]
})

test('the page about routes in the manual has an example for every member of a table', () => {
  const shown = examples.map(({ table }) => table).join()
  const without = Object.keys({ ...tableMembers, ...routeMembers }).filter((name) => !shown.includes(`"${name}"`))
  // Only members for gRPC lack an example here: the content of `descriptor` is binary, and the page about gRPC shows
  // the others.
  expect(without).toEqual(['descriptor', 'messages', 'methods'])
  for (const name of without) expect(page).toContain(`\`${name}\``)
})

describe('an example on the page about routes', () => {
  test('each example on the page about routes consists of a table, a request, an answer and the recorded events', () => {
    expect(examples.length).toBeGreaterThan(14)
    expect(blocks.length).toBe(examples.length * 4)
  })

  test.each(examples)(
    'the example for $request on the page about routes has the record shown on the page',
    ({ table, request, answer, events }) => {
      const parsed = parseRouteTable(JSON.parse(table), 'ROUTES.md')
      const tried = tryRequest(parsed, readWrittenRequest(request, 'request'), readWrittenAnswer(answer, 'answer'))
      const shown = tried.events.map(({ index: _, time: __, node: ___, epoch: ____, ...event }) => event)
      expect(shown).toEqual(
        events
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      )
    },
  )

  test.each(examples)(
    'the table of the example for $request on the page about routes conforms to the schema',
    ({ table }) => {
      expect(invalidBy(routeTableSchema as Schema, JSON.parse(table))).toBeUndefined()
    },
  )
})

describe('the schema of route tables', () => {
  const read = { request: 'GET /kv/{key}', f: 'read', result: 'body' }
  test.each<[string, unknown]>([
    ['no routes', {}],
    ['an empty list of them', { routes: [] }],
    ['an unknown member', { routes: [read], clients: 'x' }],
    ['an unknown member of a route', { routes: [{ ...read, body: 'x' }] }],
    ['a query in the path', { routes: [{ ...read, request: 'GET /kv?q={v}' }] }],
    ['a place that is none', { routes: [{ ...read, result: 'json.a[0]' }] }],
    ['a result in the path', { routes: [{ ...read, result: 'path.key' }] }],
    ['an outcome that is none', { routes: [{ ...read, outcomes: { 404: 'maybe' } }] }],
    ['a status that is none', { routes: [{ ...read, outcomes: { 4040: 'ok' } }] }],
    ['ignore beside f', { routes: [{ ...read, ignore: true }] }],
    ['operations beside f', { routes: [{ ...read, operations: [{ f: 'read', result: 'body' }] }] }],
    ['no function', { routes: [{ request: 'GET /' }] }],
    ['a client that is none', { routes: [read], client: 'ip' }],
    ['an initial value without its name', { routes: [read], initial: null }],
    ['a case without its outcome', { routes: [{ ...read, answers: [{ when: { 'json.a': 1 } }] }] }],
  ])('the schema and the parser of route tables refuse a table with %s', (_, table) => {
    expect(() => parseRouteTable(table, 'x')).toThrow()
    expect(invalidBy(routeTableSchema as Schema, table)).toBeDefined()
  })
})
