import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../src/sql/parse.ts'
import { RACES, recordedRaces, SESSIONS, shownRace } from './races/races.ts'
import { SimulatedSessions } from './schedules/simulated-sessions.ts'

/** Rows of catalogues that must have another key than all others. */
const TWICE = [
  'select relname from pg_class group by relname, relnamespace having count(*) > 1',
  'select typname from pg_type group by typname, typnamespace having count(*) > 1',
  'select nspname from pg_namespace group by nspname having count(*) > 1',
]

describe('Two sessions that define at the same time', () => {
  beforeAll(loadParser)
  const recorded = recordedRaces()

  test.each(RACES.map((race, at) => ({ ...race, at })))('wait and fail as in PostgreSQL: $name', async (race) => {
    const sessions = new SimulatedSessions(SESSIONS)
    sessions.setUp(race.setUp)
    expect(await shownRace(race, sessions)).toBe(recorded[race.at])
    for (const query of TWICE) expect(sessions.send(2, query)[2]).toBe('SELECT 0')
  })
})
