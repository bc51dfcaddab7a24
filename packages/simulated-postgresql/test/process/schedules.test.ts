import { beforeAll, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { played, recordedSchedules, scheduleIn } from '../schedules/recorded.ts'
import { SimulatedSessions } from '../schedules/simulated-sessions.ts'

beforeAll(loadParser)

test.each(recordedSchedules().map((recorded) => ({ recorded, schedule: scheduleIn(recorded) })))(
  'three sessions with the random schedule "$schedule.name" get the answers that PostgreSQL gave',
  async ({ recorded, schedule }) => {
    const sessions = new SimulatedSessions(3)
    sessions.setUp(schedule.setUp)
    expect(await played(schedule, sessions)).toBe(recorded)
  },
)
