import { millis } from '@chaosproxy/history'
import { fewAnswered, mostAnswered, read, remark, served } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const UNTIL_MS = 6_000

const system = {
  target: 'balancer',
  nodes: 5,
  workload: 'register',
  timeoutMs: millis(1_000),
  seed: 1,
  cast: [],
  load: {
    // Two of three requests are for the singer.
    inputs: [
      read('singer'),
      read('singer'),
      read('baker'),
      read('singer'),
      read('singer'),
      read('nurse'),
      read('singer'),
      read('singer'),
      read('pilot'),
    ],
    nodes: ['n1'],
    perSecond: 240,
    untilMs: millis(UNTIL_MS),
  },
} as const satisfies Partial<Tale>

const knobs = { backend: 'files', 'service-ms': 10, 'check-ms': 2_000, attempts: 1 }

const calm = remark(
  0,
  'Four servers hold the pages of everybody, and each does 100 requests a second: 400 in all, and 240 come. But one person is a singer, and has a new song: 160 of them are for her page.',
)

export const hotShard: Story = {
  name: 'hot-shard',
  summary: 'four servers have room for all, and most requests fail, since they all go to one of them',
  told: [
    {
      ...system,
      title: 'each page on one server, found by a hash',
      knobs: { ...knobs, choice: 'consistent-hashing' },
      beats: [
        calm,
        remark(
          1_000,
          'A hash spreads names evenly; it does not spread what is asked of them. The singer’s server has 160 requests a second for its 100, its queue grows until all in it have waited for too long, and the others are almost idle. A fifth server would change nothing.',
        ),
      ],
      ending: served(
        [fewAnswered(2_000, UNTIL_MS, 0.6)],
        'No fault happened. On average the servers are at 60% of what they can do.',
      ),
    },
  ],
  fix: {
    ...system,
    title: 'each page on every server, and the next request to the one with least to do',
    knobs: { ...knobs, choice: 'least-connections' },
    beats: [calm, remark(1_000, 'The singer’s page is read from four copies.')],
    ending: served(
      [mostAnswered(500, UNTIL_MS, 0.97, 0.6)],
      'Everything is answered. The price: a new song is to be brought to four places.',
    ),
  },
  withoutLedger: 'How much is answered stands in the plot of answers over time.',
  lesson:
    'Sharding divides the keys, not the load, and one key cannot be divided: the shard of a popular one is full while the average looks fine. Watch the fullest shard rather than the average, and give what everybody reads more copies.',
  source:
    'B. Fan, H. Lim, D. Andersen, M. Kaminsky: Small Cache, Big Effect, 2011; M. Kleppmann: Designing Data-Intensive Applications, 2017, chapter 6 (skewed workloads and relieving hot spots)',
}
