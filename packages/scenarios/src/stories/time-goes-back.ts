import { millis } from '@chaosproxy/history'
import { beats, clockAhead, during } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const setBack = during(
  [0, 400],
  clockAhead('n1', 2_000),
  'The clock of n1 is two seconds ahead, until it is corrected.',
)

const system = {
  workload: 'register',
  timeoutMs: millis(500),
  cast: ['Ana'],
} satisfies Partial<Tale>

export const timeGoesBack: Story = {
  name: 'time-goes-back',
  summary: 'a clock is corrected, and a node loses the writes of its only client',
  told: [
    {
      ...system,
      title: 'two masters, the last writer wins by the clock',
      target: 'master-master',
      nodes: 2,
      beats: beats`
        ${setBack}
        200 Ana n1 write address "old street" -- Ana enters her address at n1.
        600 Ana n1 write address "new street" -- The clock has been corrected, two seconds back. Ana moves and updates her address at n1, which confirms it.
        700 Ana n1 read address = "old street" -- By the clock, the new address is the older one: Ana still lives in the old street.`,
      ending: {
        verdicts: {
          linearizable: 'violated',
          sequential: 'violated',
          'read-your-writes': 'violated',
          eventual: 'violated',
        },
        finally: { address: 'old street' },
        says: 'One client, one node, no fault except a corrected clock, and a confirmed write is lost.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'Raft, which orders writes in a log and not by clocks',
    target: 'raft',
    nodes: 3,
    leader: 'n1',
    beats: beats`
      ${setBack}
      200 Ana n1 write address "old street" -- Ana enters her address.
      600 Ana n1 write address "new street" -- The clock has been corrected. Ana moves.
      700 Ana n1 read address = "new street" -- She lives in the new street.`,
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { address: 'new street' },
      says: 'Timers may fire early or late when a clock is set, but the order of the log does not change.',
    },
  },
  ledger: neverOlder('address'),
  lesson:
    'The time of day is not monotonic: administrators, NTP and resuming virtual machines step it. Use a monotonic clock for durations. For order, use something that only counts up, such as a hybrid logical clock, which never stamps a write before one it has seen.',
  source:
    'S. Kulkarni et al.: Logical Physical Clocks, 2014 (hybrid logical clocks); J. Graham-Cumming: How and why the leap second affected Cloudflare DNS, 2017',
}
