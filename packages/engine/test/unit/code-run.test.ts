import { nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { codeSteps, withSql } from '../../src/worlds/code-run.ts'

const pool = { name: 'pool', part: 'SELECT', kept: 'outside' } as const
const cache = { name: 'cache', kept: 'memory' } as const
const place = { kind: 'statement', file: 'server.ts', lastLine: 1, within: 0 } as const
const sited = {
  sites: [
    { ...place, line: 1, reads: [pool] },
    { ...place, line: 2, writes: [cache], rests: [pool] },
    { ...place, line: 3, writes: [pool] },
  ],
  startedAt: nanos(0),
}
const step = (request: string, site: number, at: number) =>
  ({ type: 'at', site, request, node: 'n1', at: nanos(at) }) as const
const statement = (request: string, site: number, at: number) => ({
  ...{ request, site, sql: 'SELECT', outcome: '1 row' },
  ...{ answeredAt: nanos(at), committedAt: nanos(at), reads: ['people/1/name'], writes: [] },
})

test('a line of code that uses the result of an SQL query depends on the database cells that the query read', () => {
  const steps = codeSteps([step('A', 0, 1), step('A', 1, 5), step('B', 1, 6)], sited)
  const rests = withSql(steps, [statement('A', 0, 3)], sited).map(({ request, line, rests }) => [request, line, rests])
  const result = JSON.stringify(['pool', 'SELECT', ''])
  expect(rests).toEqual([
    ['A', 1, []],
    ['A', 1, []],
    ['A', 2, [result, 'people/1/name']],
    ['B', 2, [result]],
  ])
})

test('an SQL statement that changes cells has one step at its reply and another step at its commit', () => {
  const changed = { ...statement('A', 2, 3), reads: [], writes: ['people/1/name'], committedAt: nanos(7) }
  const steps = withSql(codeSteps([step('A', 2, 1)], sited), [changed], sited)
  expect(steps.map(({ type, at, writes }) => [type, at, writes])).toEqual([
    ['at', 1, [JSON.stringify(['pool', 'SELECT', ''])]],
    ['sql', 3, []],
    ['sql', 7, ['people/1/name']],
  ])
})
