import { millis } from '@chaosproxy/history'
import { ask, done, during, paused, read, refused, sees, write } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  target: 'single',
  nodes: 2,
  workload: 'register',
  timeoutMs: millis(2_000),
  seed: 1,
  cast: ['Ana', 'Ben'],
} as const satisfies Partial<Tale>

const targetSettings = { retry: 'none', 'timeout-ms': 400 }

const before = ask(
  0,
  ['Ana', 'n2'],
  done(write('menu', 'soup')),
  'n1 is a database; n2, which Ana and Ben ask, is an app server. Ana writes the menu of the day.',
)
const standstill = during([200, 3_000], paused('n1'), 'The database stands still.')
const SLOWLY = 'no answer'
const AT_ONCE = 'the circuit is open'

export const circuitBreaker: Story = {
  name: 'circuit-breaker',
  summary: 'a database stalls, and every request waits for it instead of failing at once',
  told: [
    {
      ...system,
      title: 'an app server that always waits',
      targetSettings,
      beats: [
        before,
        standstill,
        ask(
          400,
          ['Ana', 'n2'],
          refused(read('menu'), SLOWLY),
          'Ana reads the menu. After 400 ms the app server reports: no answer.',
        ),
        ask(900, ['Ana', 'n2'], refused(read('menu'), SLOWLY), 'She tries again, and waits again.'),
        ask(1_400, ['Ana', 'n2'], refused(read('menu'), SLOWLY), 'And again. The database is asked every time.'),
        ask(
          1_900,
          ['Ben', 'n2'],
          refused(read('menu'), SLOWLY),
          'Ben waits to learn what the app server already knew.',
        ),
        ask(4_000, ['Ben', 'n2'], sees('menu', 'soup'), 'The database continues, with the queued reads first.'),
      ],
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
    beats: [
      before,
      standstill,
      ask(400, ['Ana', 'n2'], refused(read('menu'), SLOWLY), 'Ana reads the menu, and waits in vain.'),
      ask(
        900,
        ['Ana', 'n2'],
        refused(read('menu'), SLOWLY),
        'She tries again. With this second failure the circuit opens …',
      ),
      ask(
        1_400,
        ['Ana', 'n2'],
        refused(read('menu'), AT_ONCE),
        '… and the third read fails at once, without asking the database.',
      ),
      ask(1_500, ['Ben', 'n2'], refused(read('menu'), AT_ONCE), 'So is Ben.'),
      ask(
        2_000,
        ['Ana', 'n2'],
        refused(read('menu'), SLOWLY),
        'After 600 ms one read is let through as a probe. It fails, and the circuit stays open.',
      ),
      ask(2_600, ['Ben', 'n2'], refused(read('menu'), AT_ONCE), 'Ben’s read fails at once, too.'),
      ask(
        4_000,
        ['Ben', 'n2'],
        sees('menu', 'soup'),
        'The database continues. The next probe succeeds and closes the circuit.',
      ),
      ask(4_100, ['Ana', 'n2'], sees('menu', 'soup'), 'From now on reads go through as before.'),
    ],
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { menu: 'soup' },
      says: 'Three slow failures instead of four, three fast ones, and a database with little to catch up on.',
    },
  },
  withoutLedger: 'Every answer is right; the times show what waiting costs.',
  lesson:
    'A call that has just failed several times will probably fail again, and each attempt costs both sides. A circuit breaker stops calling, fails at once, and lets a probe through now and then to notice the recovery.',
  source: 'M. Nygard: Release It!, 2007 (Circuit Breaker); M. Fowler: CircuitBreaker, 2014',
}
