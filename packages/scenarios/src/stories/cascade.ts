import { millis } from '@chaosproxy/history'
import { balanced, beats, down, during, fewAnswered, mostAnswered, read, served } from '../beats.ts'
import type { Story } from '../story.ts'

const UNTIL_MS = 9_000

const system = balanced({ inputs: [read('page')], perSecond: 340, untilMs: millis(UNTIL_MS) })

const targetSettings = { backend: 'files', 'service-ms': 10, 'check-ms': 200, 'balancer-timeout-ms': 400 }

const calm = '0 -- n1 is a load balancer before four servers. Each serves 100 requests a second; 340 arrive.'
const outage = during([2_000, 4_000], down('n3'), 'One server is down for two seconds.')

export const cascade: Story = {
  name: 'cascade',
  summary: 'one of four servers fails, the load moves to the others, and they fail too',
  told: [
    {
      ...system,
      title: 'servers that accept every request',
      targetSettings: { ...targetSettings, 'deep-checks': true, 'server-timeout-ms': 5_000 },
      beats: beats`
        ${calm}
        ${outage}
        2500 -- The other three get 113 requests a second each. Their queues grow until health checks, which wait in the same queues, time out. The balancer takes slow servers for dead and gives their share to the rest.
        4000 -- n3 is back, so all servers are up. But the first one that the balancer takes back gets the whole load, and fails again.`,
      ending: served(
        [mostAnswered(500, 2_000), fewAnswered(6_000, UNTIL_MS, 0.5)],
        'Nothing is broken any more, and most requests fail.',
      ),
    },
  ],
  fix: {
    ...system,
    title: 'servers that shed load, and health checks that tell slow from dead',
    targetSettings: { ...targetSettings, 'queue-limit': 10, 'server-timeout-ms': 100, 'panic-share': 0.5 },
    beats: beats`
      ${calm}
      ${outage}
      2500 -- The other three serve 300 requests a second and refuse the rest at once. Health checks bypass the queue, so a busy server is not taken for dead; and if half of the servers seemed dead, the balancer would not believe it.`,
    ending: served(
      [mostAnswered(500, 2_000), mostAnswered(2_500, 4_000, 0.8), mostAnswered(4_500, UNTIL_MS)],
      'Three quarters of the servers answer seven eighths of the requests. Once the fourth server is back, all requests are answered.',
    ),
  },
  withoutLedger: 'The plot of answers over time shows how much is answered.',
  lesson:
    'A failed server hands its load to servers without spare capacity, and health checks that mistake a slow server for a dead one remove the next. Keep capacity for the loss of a server, shed load before queues grow, and limit the share of servers that health checks may remove.',
  source:
    'Site Reliability Engineering, 2016, chapter 22 (addressing cascading failures); N. Bronson, A. Aghayev, A. Charapko, T. Zhu: Metastable Failures in Distributed Systems, HotOS 2021',
}
