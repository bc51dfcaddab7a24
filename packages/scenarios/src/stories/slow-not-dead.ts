import { millis } from '@chaosproxy/history'
import { during, fewAnswered, late, mostAnswered, read, remark, served } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const UNTIL_MS = 8_000
const FAULT_MS = [2_000, 6_000] as const

const system = {
  target: 'balancer',
  nodes: 5,
  workload: 'register',
  timeoutMs: millis(1_000),
  seed: 1,
  cast: [],
  load: { inputs: [read('page')], nodes: ['n1'], perSecond: 200, untilMs: millis(UNTIL_MS) },
} as const satisfies Partial<Tale>

const knobs = { backend: 'files', 'service-ms': 5, 'check-ms': 2_000, 'server-timeout-ms': 1_000 }

const calm = remark(0, 'n1 is a load balancer before four servers, of which each does 200 requests a second; 200 come.')
const slow = during(FAULT_MS, late('n5', 'n1', 800), 'What n5 answers is 800 ms late. It answers every health check.')

export const slowNotDead: Story = {
  name: 'slow-not-dead',
  summary: 'one of four servers is slow, its health checks are fine, and a quarter of requests fail',
  told: [
    {
      ...system,
      title: 'a balancer that gives every server its turn',
      knobs: { ...knobs, choice: 'round-robin', attempts: 1, 'balancer-timeout-ms': 400 },
      beats: [
        calm,
        slow,
        remark(
          3_000,
          'Three servers are idle most of the time, and could do three times what comes. Every fourth request still goes to n5, and nobody waits that long for an answer. Had n5 died, the checks would have taken it out.',
        ),
      ],
      ending: served(
        [mostAnswered(500, 2_000), fewAnswered(2_500, 5_500, 0.8), mostAnswered(7_000, UNTIL_MS)],
        'For as long as n5 is slow, a quarter of the requests fail, though nothing is down.',
      ),
    },
  ],
  fix: {
    ...system,
    title: 'a balancer that asks whoever has least to answer, and asks another in time',
    knobs: { ...knobs, choice: 'least-connections', attempts: 2, 'balancer-timeout-ms': 200 },
    beats: [
      calm,
      slow,
      remark(
        3_000,
        'What waits at n5 counts against it, so that little goes there. What does is asked of another server after 200 ms, which a read may be.',
      ),
    ],
    ending: served(
      [mostAnswered(500, 2_000), mostAnswered(2_500, 5_500, 0.97), mostAnswered(7_000, UNTIL_MS)],
      'Everything is answered, a few requests later than usual.',
    ),
  },
  withoutLedger: 'How much is answered stands in the plot of answers over time.',
  lesson:
    'A node is not either well or dead: one that is slow passes its health checks and keeps its share of the load. Measure what requests see, let it decide where the next one goes, and leave time for a second attempt.',
  source:
    'P. Huang et al.: Gray Failure: The Achilles’ Heel of Cloud-Scale Systems, HotOS 2017; J. Dean, L. Barroso: The Tail at Scale, CACM 2013',
}
