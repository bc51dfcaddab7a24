import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { installed, startPostgres, whySkipped } from '../../proxy/test/real-servers.ts'
import { loadParser } from '../src/sql/parse.ts'
import { RACES, type Race, SESSIONS, shownRace } from './races/races.ts'
import { RealSessions } from './schedules/real-sessions.ts'
import { type Answer, type Sessions, SimulatedSessions } from './schedules/simulated-sessions.ts'

const RECORDED = './races/recorded.txt'
const [initdb, postgres] = ['initdb', 'postgres'].map(installed)
const lacking = initdb === undefined || postgres === undefined

describe('Two sessions that define at the same time', () => {
  beforeAll(loadParser)

  /** Answers with what errors say. */
  async function run({ steps }: Race, sessions: Sessions): Promise<readonly (readonly Answer[])[]> {
    const answers: (readonly Answer[])[] = []
    for (const [session, sql] of steps) {
      const told = await sessions.send(session, sql)
      answers.push(
        told.map((answer, at) => (answer.startsWith('error') ? `${answer}: ${sessions.message(at)}` : answer)),
      )
    }
    return answers
  }

  const recorded = readFileSync(new URL(RECORDED, import.meta.url), 'utf8').split(/\n\n(?=# )/)

  test.each(RACES.map((race, at) => ({ ...race, at })))('wait and fail as those of PostgreSQL: $name', async (race) => {
    const sessions = new SimulatedSessions(SESSIONS)
    sessions.setUp(race.setUp)
    expect(shownRace(race, await run(race, sessions))).toBe(recorded[race.at]?.trimEnd())
  })

  test.skipIf(lacking)(
    `are recorded from PostgreSQL${lacking ? `: ${whySkipped('initdb', 'postgres')}` : ''}`,
    async () => {
      const { port } = await startPostgres(initdb!, postgres!)
      const real = await RealSessions.open(port, SESSIONS)
      const shown: string[] = []
      for (const race of RACES) {
        await real.reset()
        await real.setUp(race.setUp)
        shown.push(shownRace(race, await run(race, real)))
      }
      await real.close()
      await expect(`${shown.join('\n\n')}\n`).toMatchFileSnapshot(RECORDED)
    },
  )
})
