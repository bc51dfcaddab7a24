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

const knobs = { retry: 'none', 'timeout-ms': 400 }

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
  summary: 'a database stands still, and everybody waits for it who could have been told so at once',
  told: [
    {
      ...system,
      title: 'an app server that waits each time',
      knobs,
      beats: [
        before,
        standstill,
        ask(
          400,
          ['Ana', 'n2'],
          refused(read('menu'), SLOWLY),
          'Ana looks for the menu. 400 ms later she is told: no answer.',
        ),
        ask(900, ['Ana', 'n2'], refused(read('menu'), SLOWLY), 'She tries again, and waits again.'),
        ask(1_400, ['Ana', 'n2'], refused(read('menu'), SLOWLY), 'And again. The database is asked every time.'),
        ask(
          1_900,
          ['Ben', 'n2'],
          refused(read('menu'), SLOWLY),
          'Ben waits for what the app server could have told him.',
        ),
        ask(4_000, ['Ben', 'n2'], sees('menu', 'soup'), 'The database goes on, with all those questions first.'),
      ],
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { menu: 'soup' },
        says: 'Each question took 400 ms of a client, a place in the app server, and some work of the database, and got nobody an answer.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'an app server with a circuit breaker, which opens after two failures',
    knobs: { ...knobs, 'breaker-failures': 2, 'cool-down-ms': 600 },
    beats: [
      before,
      standstill,
      ask(400, ['Ana', 'n2'], refused(read('menu'), SLOWLY), 'Ana looks for the menu, and waits for nothing.'),
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
        '… and the third time she is told at once, and nobody is asked.',
      ),
      ask(1_500, ['Ben', 'n2'], refused(read('menu'), AT_ONCE), 'So is Ben.'),
      ask(
        2_000,
        ['Ana', 'n2'],
        refused(read('menu'), SLOWLY),
        'After 600 ms one question is let through, to find out. It fails, and the circuit stays open.',
      ),
      ask(2_600, ['Ben', 'n2'], refused(read('menu'), AT_ONCE), 'Ben is told at once again.'),
      ask(
        4_000,
        ['Ben', 'n2'],
        sees('menu', 'soup'),
        'The database goes on. The next question that is let through is answered, and closes the circuit.',
      ),
      ask(4_100, ['Ana', 'n2'], sees('menu', 'soup'), 'From here on everything is asked as before.'),
    ],
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { menu: 'soup' },
      says: 'Three slow answers instead of four, three quick ones, and a database that had little to catch up with.',
    },
  },
  withoutLedger: 'Every answer is right; what it costs to wait for one is told by the times.',
  lesson:
    'What has just failed a few times will probably fail again, and each attempt costs the caller its time and the callee its strength. A circuit breaker stops asking, says so at once, and lets one request through now and then to notice that all is well again.',
  source: 'M. Nygard: Release It!, 2007 (Circuit Breaker); M. Fowler: CircuitBreaker, 2014',
}
