import { millis } from '@chaosproxy/history'
import { beats, during, fewAnswered, mostAnswered, paused, read, served } from '../beats.ts'
import type { Story, Tale } from '../story.ts'

const UNTIL_MS = 10_000
const calmly = mostAnswered(500, 2_000, 0.9, 0.6)

const system = {
  target: 'single',
  nodes: 4,
  workload: 'register',
  timeoutMs: millis(1_000),
  cast: [],
  load: { inputs: [read('page')], nodes: ['n2', 'n3', 'n4'], perSecond: 70, untilMs: millis(UNTIL_MS) },
} satisfies Partial<Tale>

const targetSettings = { 'service-ms': 10, 'timeout-ms': 400, attempts: 4 }

const calm =
  '0 -- The database n1 takes 10 ms for a request, so it can serve 100 a second. The app servers n2 to n4 send 70.'
const hiccup = during([2_000, 3_000], paused('n1'), 'For one second the database does nothing.')

export const retryStorm: Story = {
  name: 'retry-storm',
  summary: 'a database stops for one second, and retries overload it for good',
  told: [
    {
      ...system,
      title: 'app servers that retry at once, up to four times',
      targetSettings: { ...targetSettings, retry: 'blind', backoff: 'none' },
      beats: beats`
        ${calm}
        ${hiccup}
        3000 -- The database is healthy again. But each request now waits longer than its app server does, so the app server retries: 280 requests a second for a database that can serve 100. It works without a pause, on requests that have already timed out.`,
      ending: served(
        [calmly, fewAnswered(4_000, UNTIL_MS)],
        'The trigger lasted one second; the overload sustains itself.',
      ),
    },
    {
      ...system,
      title: 'app servers that back off, with jitter',
      targetSettings: { ...targetSettings, retry: 'blind', backoff: 'jitter', 'backoff-ms': 200 },
      beats: beats`
        ${calm}
        ${hiccup}
        3500 -- Backoff spreads retries out, but does not reduce them. After half a second the overload is back.`,
      ending: served(
        [calmly, fewAnswered(5_000, UNTIL_MS)],
        'Backoff with jitter is not enough: four attempts are four attempts.',
      ),
    },
  ],
  fix: {
    ...system,
    title: 'a retry budget, a circuit breaker, and a database that sheds load',
    targetSettings: {
      ...targetSettings,
      retry: 'key',
      backoff: 'jitter',
      'backoff-ms': 200,
      'retry-budget': 0.1,
      'breaker-failures': 5,
      'cool-down-ms': 400,
      'queue-limit': 20,
    },
    beats: beats`
      ${calm}
      ${hiccup}
      3000 -- Retries add at most a tenth to the load, open circuits keep the rest away, and the database refuses requests that would wait too long.`,
    ending: served([calmly, mostAnswered(4_000, UNTIL_MS)], 'One second is lost, and no more.'),
  },
  withoutLedger: 'The plot of answers over time shows how much is answered.',
  lesson:
    'A retry adds load when there is already too much, and work done too late is wasted. Limit retries to a share of the requests, stop calling a server that does not answer, and refuse early what cannot be done in time.',
  source:
    'N. Bronson, A. Aghayev, A. Charapko, T. Zhu: Metastable Failures in Distributed Systems, HotOS 2021; M. Brooker: Exponential Backoff and Jitter, AWS, 2015; Site Reliability Engineering, 2016, chapters 21 and 22',
}
