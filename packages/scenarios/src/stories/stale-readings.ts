import { millis } from '@chaosproxy/history'
import { ask, cas, done, during, ledByN1, refused, sees, stall, write } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  target: 'primary-replica',
  timeoutMs: millis(2_000),
  cast: ['Sensor', 'Controller'],
} as const satisfies Partial<Tale>

const late = during([300, 3_000], stall('n1', 'n3'), 'What the primary n1 sends to n3 is late. Nothing is down.')
const cold = ask(
  0,
  ['Sensor', 'n1'],
  done(write('reading', '17 degrees, pump off')),
  'A sensor reports its reading: it is cold, and the pump is off.',
)
const hot = ask(
  600,
  ['Sensor', 'n1'],
  done(write('reading', '90 degrees, pump on')),
  'The water gets hot. The sensor reports that as well.',
)

export const staleReadings: Story = {
  name: 'stale-readings',
  summary: 'a controller reads the state of a second ago, and acts on it now',
  told: [
    {
      ...system,
      title: 'readings from the nearest copy',
      targetSettings: { sync: 0, reads: 'replica', failover: false },
      beats: [
        cold,
        ask(100, ['Controller', 'n1'], done(write('heating', 'on')), 'The controller has turned the heating on.'),
        late,
        hot,
        ask(
          1_500,
          ['Controller', 'n3'],
          sees('reading', '17 degrees, pump off'),
          'The controller reads from n3, as always, and learns that it is cold. The answer looks like any other.',
        ),
        ask(
          1_600,
          ['Controller', 'n1'],
          done(write('heating', 'full')),
          'It acts as if it were cold. Its order is not late: it goes to the primary.',
        ),
      ],
      ending: {
        verdicts: { linearizable: 'violated', eventual: 'met' },
        finally: { reading: '90 degrees, pump on', heating: 'full' },
        says: '90 degrees, and the heating at full power. Each part worked as designed.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'an order that holds only if the reading is unchanged, checked where it is stored',
    targetSettings: { sync: 'majority', reads: 'primary', failover: false },
    beats: [
      cold,
      ask(100, ['Controller', 'n1'], done(write('heating', 'on')), 'The controller has turned the heating on.'),
      late,
      hot,
      ask(
        1_500,
        ['Controller', 'n2'],
        sees('reading', '90 degrees, pump on'),
        'The controller reads, and the primary answers, whichever node is asked: it is hot.',
      ),
      ask(
        1_600,
        ['Controller', 'n1'],
        refused(cas('reading', '17 degrees, pump off', 'heating full')),
        'An order that names the older reading it was made for is refused.',
      ),
      ask(1_700, ['Controller', 'n1'], done(write('heating', 'off')), 'It turns the heating off.'),
    ],
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { reading: '90 degrees, pump on', heating: 'off' },
      says: 'The controller acts on the current reading, or not at all.',
    },
  },
  ledger: neverOlder('reading'),
  lesson:
    'A read always shows the past, and a copy does not say how old it is. Before acting on a reading, ask for a fresh one, or send the reading with the order, so that the order is refused if the reading has changed.',
  source:
    'X. Sun et al.: Automatic Reliability Testing for Cluster Management Controllers (Sieve), OSDI 2022; Amazon Web Services: Summary of the Amazon DynamoDB Service Disruption, 2025 (an enactor applies an old plan over a newer one)',
}
