import { millis } from '@chaosproxy/history'
import { balanced, beats, during, fewAnswered, late, mostAnswered, read, served } from '../beats.ts'
import type { Story } from '../story.ts'

const UNTIL_MS = 8_000
const FAULT_MS = [2_000, 6_000] as const

const system = balanced({ inputs: [read('page')], perSecond: 200, untilMs: millis(UNTIL_MS) })

const targetSettings = { backend: 'files', 'service-ms': 5, 'check-ms': 2_000, 'server-timeout-ms': 1_000 }

const calm = '0 -- n1 is a load balancer before four servers. Each serves 200 requests a second; 200 arrive.'
const slow = during(FAULT_MS, late('n5', 'n1', 800), 'Replies of n5 are 800 ms late. It answers every health check.')

export const slowNotDead: Story = {
  name: 'slow-not-dead',
  summary: 'one of four servers is slow, passes its health checks, and a quarter of all requests fail',
  told: [
    {
      ...system,
      title: 'a balancer that takes servers in turn',
      targetSettings: { ...targetSettings, choice: 'round-robin', attempts: 1, 'balancer-timeout-ms': 400 },
      beats: beats`
        ${calm}
        ${slow}
        3000 -- Three servers are idle most of the time and could serve three times the load. Every fourth request still goes to n5 and times out. Had n5 died, the health checks would have removed it.`,
      ending: served(
        [mostAnswered(500, 2_000), fewAnswered(2_500, 5_500, 0.8), mostAnswered(7_000, UNTIL_MS)],
        'While n5 is slow, a quarter of the requests fail, though nothing is down.',
      ),
    },
  ],
  fix: {
    ...system,
    title: 'a balancer that picks the least busy server, and retries elsewhere in time',
    targetSettings: { ...targetSettings, choice: 'least-connections', attempts: 2, 'balancer-timeout-ms': 200 },
    beats: beats`
      ${calm}
      ${slow}
      3000 -- Requests waiting at n5 count against it, so few go there. Those that do are retried on another server after 200 ms, which is safe for reads.`,
    ending: served(
      [mostAnswered(500, 2_000), mostAnswered(2_500, 5_500, 0.97), mostAnswered(7_000, UNTIL_MS)],
      'Every request is answered, a few later than usual.',
    ),
  },
  withoutLedger: 'The plot of answers over time shows how much is answered.',
  lesson:
    'A node is not simply alive or dead: a slow one passes its health checks and keeps its share of the load. Route by what requests experience, and leave time for a second attempt.',
  source:
    'P. Huang et al.: Gray Failure: The Achilles’ Heel of Cloud-Scale Systems, HotOS 2017; J. Dean, L. Barroso: The Tail at Scale, CACM 2013',
}
