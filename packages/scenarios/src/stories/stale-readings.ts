import { millis } from '@chaosproxy/history'
import { beats, during, ledByN1, stall } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...ledByN1,
  target: 'primary-replica',
  timeoutMs: millis(2_000),
  cast: ['Sensor', 'Controller'],
} satisfies Partial<Tale>

const late = during([300, 3_000], stall('n1', 'n3'), 'What the primary n1 sends to n3 is late. Nothing is down.')
const cold =
  '0 Sensor n1 write reading "17 degrees, pump off" -- A sensor reports its reading: it is cold, and the pump is off.'
const hot = '600 Sensor n1 write reading "90 degrees, pump on" -- The water gets hot. The sensor reports that as well.'

export const staleReadings: Story = {
  name: 'stale-readings',
  summary: 'a controller reads the state of a second ago, and acts on it now',
  told: [
    {
      ...system,
      title: 'readings from the nearest copy',
      targetSettings: { sync: 0, reads: 'replica', failover: false },
      beats: beats`
        ${cold}
        100 Controller n1 write heating on -- The controller has turned the heating on.
        ${late}
        ${hot}
        1500 Controller n3 read reading = "17 degrees, pump off" -- The controller reads from n3, as always, and learns that it is cold. The answer looks like any other.
        1600 Controller n1 write heating full -- It acts as if it were cold. Its order is not late: it goes to the primary.`,
      ending: {
        verdicts: { linearizable: 'violated', eventual: 'met' },
        finally: { reading: '90 degrees, pump on', heating: 'full' },
        says: '90 degrees, and the heating at full power. Each part worked as designed.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'an order that holds only if the reading is unchanged, checked where the reading is stored',
    targetSettings: { sync: 'majority', reads: 'primary', failover: false },
    beats: beats`
      ${cold}
      100 Controller n1 write heating on -- The controller has turned the heating on.
      ${late}
      ${hot}
      1500 Controller n2 read reading = "90 degrees, pump on" -- The controller reads, and the primary answers, whichever node is asked: it is hot.
      1600 Controller n1 cas reading "17 degrees, pump off" "heating full" refused -- An order that expects the older reading is refused.
      1700 Controller n1 write heating off -- It turns the heating off.`,
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
