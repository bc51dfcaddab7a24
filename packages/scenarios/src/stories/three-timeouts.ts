import { millis } from '@chaosproxy/history'
import { ask, during, paused, read, refused, sees } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const PAGE = null
const SERVERS = ['n2', 'n3', 'n4', 'n5'] as const

const system = {
  target: 'balancer',
  nodes: 5,
  workload: 'register',
  timeoutMs: millis(2_000),
  seed: 1,
  cast: ['Ana', 'Ben', 'Cleo'],
} as const satisfies Partial<Tale>

const knobs = {
  backend: 'files',
  'service-ms': 60,
  'server-timeout-ms': 400,
  'requester-timeout-ms': 1_000,
  'check-ms': 5_000,
}

const calm = ask(
  0,
  ['Ana', 'n1'],
  sees('page', PAGE),
  'n1 is a load balancer before four servers with the same static files, of which each takes 60 ms for a page. Ana gets hers.',
)
const balancerPaused = during(
  [3_000, 4_300],
  paused('n1'),
  'The balancer itself stands still for a moment. The servers are idle, and nobody can reach them.',
)

export const threeTimeouts: Story = {
  name: 'three-timeouts',
  summary: 'three times there is no page, for three reasons that only the text of the error tells apart',
  told: [
    {
      ...system,
      title: 'static files behind a load balancer that sends each page to one server',
      knobs: { ...knobs, choice: 'consistent-hashing', attempts: 1, 'balancer-timeout-ms': 600 },
      beats: [
        calm,
        ask(400, ['Ana', 'n1'], refused(read('page'), 'server: '), 'Ana asks again. Her server is about to answer …'),
        during(
          [430, 900],
          paused(...SERVERS),
          '… and stands still, like all of them, for less than half a second. When it goes on, it finds that her request has waited for longer than it lets one wait, and turns it away.',
        ),
        during([1_500, 2_400], paused(...SERVERS), 'The servers stand still again, for longer.'),
        ask(
          1_600,
          ['Ben', 'n1'],
          refused(read('page'), 'balancer: '),
          'This time the balancer gives up first: no answer from the server. It cannot know whether that is dead, slow, or cut off.',
        ),
        balancerPaused,
        ask(
          3_100,
          ['Cleo', 'n2'],
          refused(read('page'), 'requester: '),
          'Cleo’s own side gives up, as it has heard nothing from the balancer. From where she sits, it is the same as before.',
        ),
        ask(5_000, ['Ana', 'n1'], sees('page', PAGE), 'All is well again, and nobody had to do anything.'),
        ask(5_200, ['Ben', 'n2'], sees('page', PAGE), 'Ben has his page.'),
      ],
      ending: {
        verdicts: { linearizable: 'met' },
        finally: { page: PAGE },
        says: 'Three timeouts: of the server, of the balancer, of the client. There was no state, so nothing could be lost: asking again was all it took.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'a balancer that gives the request to another server, in time',
    knobs: { ...knobs, choice: 'least-connections', attempts: 2, 'balancer-timeout-ms': 300 },
    beats: [
      calm,
      during([400, 2_400], paused('n2'), 'A server stands still for two seconds.'),
      ask(
        410,
        ['Ana', 'n1'],
        sees('page', PAGE),
        'Whichever server the balancer tries first, there is time for a second one, because it waits for less long than its clients do. A read may be repeated.',
      ),
      ask(1_600, ['Ben', 'n1'], sees('page', PAGE), 'So it goes with Ben.'),
      balancerPaused,
      ask(
        3_100,
        ['Cleo', 'n3'],
        refused(read('page'), 'requester: '),
        'Against a balancer that stands still there is no second server: that takes a second balancer.',
      ),
      ask(5_000, ['Cleo', 'n3'], sees('page', PAGE), 'A moment later Cleo asks again, and has her page.'),
    ],
    ending: {
      verdicts: { linearizable: 'met' },
      finally: { page: PAGE },
      says: 'Two of three timeouts are gone. The third one is of the part of which there is only one.',
    },
  },
  withoutLedger: 'There is no state that a promise could be about, only answers that come or do not.',
  lesson:
    'A timeout says who waited, not what was wrong: the server, the balancer and the client each have one, and an error that does not say whose it was sends people to the wrong machine. Let each wait for less long than whoever waits for it, so that there is time left to try elsewhere.',
  source:
    'RFC 9110, 2022, section 15.6 (502, 503 and 504); Site Reliability Engineering, 2016, chapter 20 (load balancing in the datacenter)',
}
