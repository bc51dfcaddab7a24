import { millis } from '@chaosproxy/history'
import { beats, during, paused } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'single',
  nodes: 2,
  workload: 'register',
  timeoutMs: millis(2_000),
  cast: ['Ana', 'Ben'],
} satisfies Partial<Tale>

const targetSettings = { retry: 'none', 'timeout-ms': 400 }

const before =
  '0 Ana n2 write menu soup -- n1 is a database; n2, which Ana and Ben ask, is an app server. Ana writes the menu of the day.'
const standstill = during([200, 3_000], paused('n1'), 'The database stands still.')

export const circuitBreaker: Story = {
  name: 'circuit-breaker',
  summary: 'a database stalls, and every request waits for it instead of failing at once',
  told: [
    {
      ...system,
      title: 'an app server that always waits',
      targetSettings,
      beats: beats`
        ${before}
        ${standstill}
        400 Ana n2 read menu refused "no answer" -- Ana reads the menu. After 400 ms the app server reports: no answer.
        900 Ana n2 read menu refused "no answer" -- She tries again, and waits again.
        1400 Ana n2 read menu refused "no answer" -- And again. The database is asked every time.
        1900 Ben n2 read menu refused "no answer" -- Ben waits to learn what the app server already knew.
        4000 Ben n2 read menu = soup -- The database answers again, beginning with the queued reads first.`,
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { menu: 'soup' },
        says: 'Each read cost a client 400 ms, a slot in the app server and some work of the database, and none was answered.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'an app server with a circuit breaker, which opens after two failures',
    targetSettings: { ...targetSettings, 'breaker-failures': 2, 'cool-down-ms': 600 },
    beats: beats`
      ${before}
      ${standstill}
      400 Ana n2 read menu refused "no answer" -- Ana reads the menu, and waits in vain.
      900 Ana n2 read menu refused "no answer" -- She tries again. With this second failure the circuit opens …
      1400 Ana n2 read menu refused "the circuit is open" -- … and the third read fails at once, without asking the database.
      1500 Ben n2 read menu refused "the circuit is open" -- Ben’s read fails at once, too.
      2000 Ana n2 read menu refused "no answer" -- After 600 ms one read is let through as a probe. It fails, and the circuit stays open.
      2600 Ben n2 read menu refused "the circuit is open" -- Ben’s next read fails at once, like his first.
      4000 Ben n2 read menu = soup -- The database answers again. The next probe succeeds and closes the circuit.
      4100 Ana n2 read menu = soup -- From now on reads go through as before.`,
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { menu: 'soup' },
      says: 'Three reads fail slowly (four without the circuit breaker), three other reads fail at once, and the database has little to catch up on.',
    },
  },
  withoutLedger: 'Every answer is right; the times show what waiting costs.',
  lesson:
    'A call that has just failed several times will probably fail again, and each attempt costs both sides. A circuit breaker stops calling, fails at once, and lets a probe through now and then to notice the recovery.',
  source: 'M. Nygard: Release It!, 2007 (Circuit Breaker); M. Fowler: CircuitBreaker, 2014',
}
