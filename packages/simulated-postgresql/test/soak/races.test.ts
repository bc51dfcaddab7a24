import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { installed, startPostgres, whySkipped } from '../../../testing/src/servers.ts'
import { RACES, type Race, RECORDED, raceText, recordedRaces, SESSIONS } from '../races/races.ts'
import { RealSessions } from '../schedules/real-sessions.ts'

const [initdb, postgres] = ['initdb', 'postgres'].map(installed)
const lacking = initdb === undefined || postgres === undefined

test.skipIf(lacking)(
  `the recorded answers to concurrent schema changes agree with PostgreSQL${lacking ? `: ${whySkipped('initdb', 'postgres')}` : ''}`,
  async () => {
    const { port } = await startPostgres(initdb!, postgres!)
    const real = await RealSessions.open(port, SESSIONS)
    const shown = async (race: Race, patienceMs: number): Promise<string> => {
      real.patienceMs = patienceMs
      await real.reset()
      await real.setUp(race.setUp)
      return raceText(race, real)
    }
    const recorded = recordedRaces()
    const all: string[] = []
    for (const race of RACES) {
      const first = await shown(race, 35)
      // On a busy machine, a session may need more than 35 ms to continue after its wait ends.
      all.push(recorded.includes(first) ? first : await shown(race, 500))
    }
    await real.close()
    await expect(`${all.join('\n\n')}\n`).toMatchFileSnapshot(fileURLToPath(RECORDED))
  },
)
