import { millis } from '@chaosproxy/history'
import { balanced, beats, fewAnswered, mostAnswered, read, served } from '../beats.ts'
import type { Story } from '../story.ts'

const UNTIL_MS = 6_000

const system = balanced({
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
  perSecond: 240,
  untilMs: millis(UNTIL_MS),
})

const targetSettings = { backend: 'files', 'service-ms': 10, 'check-ms': 2_000, attempts: 1 }

const calm =
  '0 -- Four servers hold everyone’s pages. Each serves 100 requests a second, 400 in all, and 240 arrive. But one person is a singer with a new song: 160 of them are for her page.'

export const hotShard: Story = {
  name: 'hot-shard',
  summary: 'four servers have enough capacity, but most requests go to one of them and fail',
  told: [
    {
      ...system,
      title: 'each page on one server, chosen by a hash',
      targetSettings: { ...targetSettings, choice: 'consistent-hashing' },
      beats: beats`
        ${calm}
        1000 -- A hash spreads names evenly, not the load on them. The singer’s server gets 160 requests a second and can serve 100. Its queue grows until every request in it times out, while the others are almost idle. A fifth server would not help.`,
      ending: served(
        [fewAnswered(2_000, UNTIL_MS, 0.6)],
        'No fault happened. On average the servers run at 60% of their capacity.',
      ),
    },
  ],
  fix: {
    ...system,
    title: 'each page on every server, and each request to the least busy one',
    targetSettings: { ...targetSettings, choice: 'least-connections' },
    beats: beats`
      ${calm}
      1000 -- The singer’s page is served from four copies.`,
    ending: served(
      [mostAnswered(500, UNTIL_MS, 0.97, 0.6)],
      'Every request is answered. The price: a new song must be copied to four servers.',
    ),
  },
  withoutLedger: 'The plot of answers over time shows how much is answered.',
  lesson:
    'Sharding divides keys, not load, and a single key cannot be divided: the shard of a popular key is overloaded while the average looks fine. Watch the busiest shard rather than the average, and keep more copies of popular data.',
  source:
    'B. Fan, H. Lim, D. Andersen, M. Kaminsky: Small Cache, Big Effect, 2011; M. Kleppmann: Designing Data-Intensive Applications, 2017, chapter 6 (skewed workloads and relieving hot spots)',
}
