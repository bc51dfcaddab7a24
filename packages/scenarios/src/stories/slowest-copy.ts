import { millis } from '@chaosproxy/history'
import { beats, during, fewAnswered, ledByN1, mostAnswered, paused, served, write } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const UNTIL_MS = 8_000
const PAUSED_MS = [2_000, 5_000] as const

const system = {
  ...ledByN1,
  target: 'primary-replica',
  timeoutMs: millis(500),
  cast: [],
  load: { inputs: [write('photo', 'seen')], nodes: ['n1'], perSecond: 50, untilMs: millis(UNTIL_MS) },
} satisfies Partial<Tale>

const calm = '0 -- n1 is the primary, n2 and n3 are its replicas. 50 writes a second arrive.'
const standstill = during(PAUSED_MS, paused('n3'), 'One replica, n3, stalls for three seconds. It serves no clients.')

export const slowestCopy: Story = {
  name: 'slowest-copy',
  summary: 'a replica that serves no clients stalls, and every write stalls with it',
  told: [
    {
      ...system,
      title: 'a primary that waits for all of its replicas',
      targetSettings: { sync: 'all', reads: 'primary', failover: false },
      beats: beats`
        ${calm}
        ${standstill}
        2500 -- A write is confirmed only when every copy has it. n3 stalls, so no write is confirmed. Three copies should make the system safer; they also make it as slow as the slowest.`,
      ending: served(
        [mostAnswered(500, 2_000, 0.9, 0.6), fewAnswered(2_500, 5_000, 0.3), mostAnswered(6_000, UNTIL_MS, 0.9, 0.6)],
        'Two of three nodes were healthy, and nobody could write.',
      ),
    },
  ],
  fix: {
    ...system,
    title: 'a primary that waits for the faster of two replicas',
    targetSettings: { sync: 'majority', reads: 'primary', failover: false },
    beats: beats`
      ${calm}
      ${standstill}
      2500 -- n2 has every write, and that makes two of three. n3 catches up later.`,
    ending: served(
      [
        mostAnswered(500, 2_000, 0.9, 0.6),
        mostAnswered(2_500, 5_000, 0.9, 0.6),
        mostAnswered(6_000, UNTIL_MS, 0.9, 0.6),
      ],
      'Nobody noticed. The price: a write is on two nodes when it is confirmed, not on three.',
    ),
  },
  withoutLedger: 'The plot of answers over time shows how much is answered.',
  lesson:
    'A write that waits for all copies is as slow as the slowest copy, and fails when any copy is unavailable. Wait only for the number of copies that durability needs, and let the rest follow.',
  source:
    'M. Kleppmann: Designing Data-Intensive Applications, 2017, chapter 5 (synchronous versus asynchronous replication); D. Gifford: Weighted Voting for Replicated Data, 1979',
}
