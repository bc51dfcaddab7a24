import { millis } from '@chaosproxy/history'
import { beats, during, paused } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const SERVERS = ['n2', 'n3', 'n4', 'n5'] as const

const system = {
  target: 'balancer',
  nodes: 5,
  workload: 'register',
  timeoutMs: millis(2_000),
  cast: ['Ana', 'Ben', 'Cleo'],
} satisfies Partial<Tale>

const targetSettings = {
  backend: 'files',
  'service-ms': 60,
  'server-timeout-ms': 400,
  'requester-timeout-ms': 1_000,
  'check-ms': 5_000,
}

const calm =
  '0 Ana n1 read page = null -- n1 is a load balancer before four servers with the same static files. Each takes 60 ms for a page. Ana gets hers.'
const balancerPaused = during(
  [3_000, 4_300],
  paused('n1'),
  'The balancer itself stalls for a moment. The servers are idle, and nobody can reach them.',
)

export const threeTimeouts: Story = {
  name: 'three-timeouts',
  summary: 'three requests time out for three reasons; only the text of the error says which',
  told: [
    {
      ...system,
      title: 'static files behind a load balancer that sends each page to one server',
      targetSettings: { ...targetSettings, choice: 'consistent-hashing', attempts: 1, 'balancer-timeout-ms': 600 },
      beats: beats`
        ${calm}
        400 Ana n1 read page refused "server: " -- Ana asks again. Her server is about to answer …
        ${during([430, 900], paused(...SERVERS), '… and stalls, like all the servers, for less than half a second. When it continues, her request has waited longer than the server allows, and is refused.')}
        ${during([1_500, 2_400], paused(...SERVERS), 'The servers stall again, for longer.')}
        1600 Ben n1 read page refused "balancer: " -- This time the balancer gives up first: no answer from the server, which may be dead, slow or unreachable.
        ${balancerPaused}
        3100 Cleo n2 read page refused "requester: " -- Cleo’s own side gives up, since it has heard nothing from the balancer. To her it looks the same as before.
        5000 Ana n1 read page = null -- Everything works again, and nobody had to intervene.
        5200 Ben n2 read page = null -- Ben has his page.`,
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { page: null },
        says: 'Three timeouts: the server’s, the balancer’s, the client’s. There was no state to lose, so a retry was all it took.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'a balancer that retries on another server in time',
    targetSettings: { ...targetSettings, choice: 'least-connections', attempts: 2, 'balancer-timeout-ms': 300 },
    beats: beats`
      ${calm}
      ${during([400, 2_400], paused('n2'), 'A server stalls for two seconds.')}
      410 Ana n1 read page = null -- Whichever server the balancer tries first, there is time for a second, because the balancer’s timeout is shorter than its clients’. Reads are safe to repeat.
      1600 Ben n1 read page = null -- So does Ben’s request.
      ${balancerPaused}
      3100 Cleo n3 read page refused "requester: " -- If the balancer itself stalls, a second server does not help: that takes a second balancer.
      5000 Cleo n3 read page = null -- A moment later Cleo retries, and gets her page.`,
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { page: null },
      says: 'Two of three timeouts are gone. The third comes from the one part without a spare.',
    },
  },
  withoutLedger: 'There is no state to make a promise about, only answers that come or do not.',
  lesson:
    'A timeout says who waited, not what went wrong. Server, balancer and client each have one, and an error that does not name its source sends people to the wrong machine. Make each timeout shorter than its caller’s, so that there is time to try elsewhere.',
  source:
    'RFC 9110, 2022, section 15.6 (502, 503 and 504); Site Reliability Engineering, 2016, chapter 20 (load balancing in the datacenter)',
}
