import { millis } from '@chaosproxy/history'
import { down, during, fewAnswered, mostAnswered, read, remark, served } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const UNTIL_MS = 9_000

const system = {
  target: 'balancer',
  nodes: 5,
  workload: 'register',
  timeoutMs: millis(1_000),
  seed: 1,
  cast: [],
  load: { inputs: [read('page')], nodes: ['n1'], perSecond: 340, untilMs: millis(UNTIL_MS) },
} as const satisfies Partial<Tale>

const knobs = { backend: 'files', 'service-ms': 10, 'check-ms': 200, 'balancer-timeout-ms': 400 }

const calm = remark(0, 'n1 is a load balancer before four servers. Each of them does 100 requests a second; 340 come.')
const outage = during([2_000, 4_000], down('n3'), 'One server is down for two seconds.')

export const cascade: Story = {
  name: 'cascade',
  summary: 'one of four servers falls, the load moves to the others, and they fall too',
  told: [
    {
      ...system,
      title: 'servers that take on whatever comes',
      knobs: { ...knobs, 'deep-checks': true, 'server-timeout-ms': 5_000 },
      beats: [
        calm,
        outage,
        remark(
          2_500,
          'The other three get 113 requests a second each. Their queues grow until health checks, which wait in them like everything else, come too late; the balancer takes the slow for the dead, and gives their share to those that are left.',
        ),
        remark(
          4_000,
          'n3 is back, and with it all the servers there ever were. Whichever of them is taken back first gets the load of all, and falls again.',
        ),
      ],
      ending: served(
        [mostAnswered(500, 2_000), fewAnswered(6_000, UNTIL_MS, 0.5)],
        'Nothing is broken any more, and most requests fail.',
      ),
    },
  ],
  fix: {
    ...system,
    title: 'servers that turn away what they cannot do in time, and checks that tell slow from dead',
    knobs: { ...knobs, 'queue-limit': 10, 'server-timeout-ms': 100, 'panic-share': 0.5 },
    beats: [
      calm,
      outage,
      remark(
        2_500,
        'The other three do what they can, 300 requests a second, and refuse the rest at once. Checks do not wait in the queue, so a busy server is not taken for a dead one; and if half of the servers seemed dead, the balancer would not believe it.',
      ),
    ],
    ending: served(
      [mostAnswered(500, 2_000), mostAnswered(2_500, 4_000, 0.8), mostAnswered(4_500, UNTIL_MS)],
      'With three quarters of the servers, seven eighths of the requests are answered, and all of them once the fourth is back.',
    ),
  },
  withoutLedger: 'How much is answered stands in the plot of answers over time.',
  lesson:
    'A server that fails hands its load to those that have no room for it, and a health check that takes slow for dead makes the next one fail. Keep room for the loss of a server, shed load before queues grow, and do not let checks take out more than a share.',
  source:
    'Site Reliability Engineering, 2016, chapter 22 (addressing cascading failures); N. Bronson, A. Aghayev, A. Charapko, T. Zhu: Metastable Failures in Distributed Systems, HotOS 2021',
}
