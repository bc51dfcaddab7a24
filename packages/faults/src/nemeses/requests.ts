import { millis } from '@chaosproxy/history'
import { amongClients, from5To30Percent, type Nemesis } from './nemesis.ts'
import { holdAnswers, loseAnswers, loseQuestions } from './traffic.ts'

const links = 'from-clients'

const silences = ['reset', 'hang'] as const

export const requests: readonly Nemesis[] = [
  amongClients('lose-request', {
    summary: 'drop 5 to 30% of client requests silently',
    plan: (random) => ({ links, silence: 'hang', when: from5To30Percent(random) }),
    inTraffic: { streams: loseQuestions },
  }),
  amongClients('lose-request', {
    name: 'reset-request',
    summary: 'reset the connections of 5 to 30% of the requests before these reach a node',
    plan: (random) => ({ links, silence: 'reset', when: from5To30Percent(random) }),
  }),
  amongClients('crash-before-reply', {
    summary: 'kill a node after it has received a request and before it replies; restart it from its disk',
    plan: (random) => ({
      links: random.pick(['from-clients-to-one', 'from-clients-to-leader'] as const),
      when: { nth: 1 + random.integer(20) },
    }),
  }),
  amongClients('lose-reply', {
    summary: 'serve 5 to 30% of the requests and drop their responses',
    plan: (random) => ({ links, silence: random.pick(silences), when: from5To30Percent(random) }),
    inTraffic: { streams: loseAnswers },
  }),
  amongClients('delay-reply', {
    summary: 'delay 5 to 30% of the responses by 50 to 500 ms',
    plan: (random) => ({
      links,
      delayMs: millis(50 + random.integer(451)),
      jitterMs: millis(0),
      when: from5To30Percent(random),
    }),
    inTraffic: { streams: holdAnswers },
  }),
  amongClients('truncate-reply', {
    name: 'abort',
    summary: 'reset the connection in the middle of 5 to 30% of the responses',
    plan: (random) => ({ links, bytes: random.integer(8), when: from5To30Percent(random) }),
  }),
  amongClients('trickle-reply', {
    name: 'slow-body',
    summary: 'deliver 5 to 30% of the responses a few bytes at a time',
    plan: (random) => ({
      links,
      pieceBytes: 1 + random.integer(4),
      pauseMs: millis(5 + random.integer(16)),
      when: from5To30Percent(random),
    }),
  }),
  amongClients('error-status', {
    summary: 'answer 5 to 30% of the requests with 500 although the node carried them out',
    plan: (random) => ({
      links,
      // The status is not 503, because a backend may use 503 to report that it has done nothing.
      status: 500,
      body: 'an injected error\n',
      after: 'forwarding',
      when: from5To30Percent(random),
    }),
  }),
  amongClients('duplicate-request', {
    summary: 'deliver 5 to 30% of the requests to the node twice',
    plan: (random) => ({ links, copies: 1, when: from5To30Percent(random) }),
  }),
]
