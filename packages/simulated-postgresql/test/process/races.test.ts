import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { RACES, raceText, recordedRaces, SESSIONS } from '../races/races.ts'
import { SimulatedSessions } from '../schedules/simulated-sessions.ts'

/** Queries for catalogue rows with a duplicate key. They must return no rows. */
const TWICE = [
  'select relname from pg_class group by relname, relnamespace having count(*) > 1',
  'select typname from pg_type group by typname, typnamespace having count(*) > 1',
  'select nspname from pg_namespace group by nspname having count(*) > 1',
]

describe('two sessions with concurrent schema changes', () => {
  beforeAll(loadParser)
  const recorded = recordedRaces()

  test.each(RACES.map((race, at) => ({ ...race, at })))(
    'two sessions with concurrent schema changes wait and fail as in PostgreSQL: $name',
    async (race) => {
      const sessions = new SimulatedSessions(SESSIONS)
      sessions.setUp(race.setUp)
      expect(await raceText(race, sessions)).toBe(recorded[race.at])
      for (const query of TWICE) expect(sessions.send(2, query)[2]).toBe('SELECT 0')
    },
  )

  test('a session refuses to use a composite type that another session has altered but not committed', () => {
    const sessions = new SimulatedSessions(2)
    sessions.setUp('create type x as (a int)')
    sessions.send(0, 'begin')
    sessions.send(0, 'alter type x add attribute b int')
    expect(sessions.send(0, "select '(1,2)'::x")[0]).toBe('SELECT 1 (1,2)')
    expect(() => sessions.send(1, "select '(1)'::x")).toThrow('the type x, which another transaction alters, is not')
    sessions.send(0, 'commit')
    const [, later] = sessions.send(1, "select '(1,2)'::x")
    expect(later).toBe('SELECT 1 (1,2)')
  })

  test('a statement is prepared with the new columns of its table after a concurrent change commits', () => {
    const { engine } = new SimulatedSessions(0)
    const listener = { notice() {}, notification() {}, parameter() {}, terminated() {} }
    const connect = () => engine.connect(new Map([['user', 'tester']]), listener)
    const [first, second] = [connect(), connect()]
    const execute = (sql: string): void => {
      for (const statement of first.parse(sql)) first.execute(statement, []).next()
    }
    execute('begin; create table t (id int); commit; begin; alter table t add column v int')
    const preparing = second.prepare(second.parse('select * from t')[0]!, [])
    let mayGoOn = false
    const step = preparing.next()
    if (step.done !== true) step.value.ready(() => (mayGoOn = true))
    expect(mayGoOn).toBe(false)
    execute('commit')
    expect(mayGoOn).toBe(true)
    expect(preparing.next()).toMatchObject({ done: true, value: { columns: [{ name: 'id' }, { name: 'v' }] } })
  })
})
