import { nanos } from '@chaosproxy/history'
import { beforeAll, expect, test } from 'vitest'
import { storiesOf } from '../../../node-simulator/src/postgresql/story.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { SimulatedSessions } from '../schedules/simulated-sessions.ts'

beforeAll(loadParser)

/** Executes statements of sessions a to d. Each session serves one request. */
function storiesIn(statements: readonly string[]) {
  let now = 0
  const sessions = new SimulatedSessions(4, new Set(), {}, { now: () => now++ })
  sessions.setUp(
    "create table items (name text primary key, sold int not null); insert into items values ('x', 0), ('y', 0)",
  )
  for (const text of statements) sessions.send('abcd'.indexOf(text[0] ?? ''), text.slice(3))
  const requestOf = (pid: number) => `request-${'abcd'[pid - 101]}`
  return storiesOf({ id: 'pg', engine: sessions.engine, requestOf, startedAt: nanos(0) }, [])
}

/**
 * Returns the statements of two sessions that each sell one unit of an item. Both sessions read the number of sold
 * units before either changes it.
 */
const lost = (one: string, other: string, item: string) => [
  ...[one, other].flatMap((session) => [
    `${session}: begin`,
    `${session}: select sold from items where name = '${item}'`,
  ]),
  ...[one, other].flatMap((session) => [
    `${session}: update items set sold = 1 where name = '${item}'`,
    `${session}: commit`,
  ]),
]

test('two conflicts that share no request are reported separately', () => {
  const stories = storiesIn([...lost('a', 'b', 'x'), ...lost('c', 'd', 'y')])
  expect(stories.map(({ requests }) => [...requests].sort())).toEqual([
    ['request-a', 'request-b'],
    ['request-c', 'request-d'],
  ])
  expect(stories.map(({ cause }) => /items\/[xy]/.exec(cause)?.[0])).toEqual(['items/x', 'items/y'])
})

test('two conflicts that share a request are reported as one conflict', () => {
  const stories = storiesIn([...lost('a', 'b', 'x'), ...lost('b', 'c', 'y')])
  expect(stories).toHaveLength(1)
})

test('requests that did not overlap are not reported as a conflict', () => {
  expect(storiesIn(['a: update items set sold = 1', 'b: update items set sold = 2'])).toEqual([])
})
