import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { installed, startPostgres, whySkipped } from '../../../testing/src/servers.ts'
import { RealSessions } from '../schedules/real-sessions.ts'
import { played, RECORDED, recordedSchedules, scheduleIn } from '../schedules/recorded.ts'

const [initdb, postgres] = ['initdb', 'postgres'].map(installed)
const lacking = initdb === undefined || postgres === undefined

test.skipIf(lacking)(
  `the recorded random schedules agree with PostgreSQL${lacking ? `: ${whySkipped('initdb', 'postgres')}` : ''}`,
  async () => {
    const { port } = await startPostgres(initdb!, postgres!)
    const real = await RealSessions.open(port, 3)
    const all: string[] = []
    for (const recorded of recordedSchedules()) {
      const schedule = scheduleIn(recorded)
      const answered = async (patienceMs: number): Promise<string> => {
        real.patienceMs = patienceMs
        await real.reset()
        await real.setUp(schedule.setUp)
        return played(schedule, real)
      }
      const first = await answered(35)
      // On a busy machine, a session may take longer than 35 ms to continue after its wait ends.
      all.push(first === recorded ? first : await answered(500))
    }
    await real.close()
    await expect(`${all.join('\n\n')}\n`).toMatchFileSnapshot(fileURLToPath(RECORDED))
  },
)
