import { millis } from '@chaosproxy/history'
import type { Random } from '../schedule/random.ts'
import { just, type Nemesis } from './nemesis.ts'
import { holdAnswers, loseAnswers, loseQuestions } from './traffic.ts'

const links = 'from-clients'
const from5To30Percent = (random: Random) => ({ probability: 0.05 + 0.25 * random.next() })

export const loseRequest: Nemesis = {
  name: 'lose-request',
  summary: 'drop 5 to 30% of client requests silently',
  kind: 'lose-request',
  among: 'clients',
  plan: (random) => just({ kind: 'lose-request', links, silence: 'hang', when: from5To30Percent(random) }),
  inTraffic: { streams: loseQuestions },
}

export const resetRequest: Nemesis = {
  name: 'reset-request',
  summary: 'reset the connections of 5 to 30% of the requests before these reach a node',
  kind: 'lose-request',
  among: 'clients',
  plan: (random) => just({ kind: 'lose-request', links, silence: 'reset', when: from5To30Percent(random) }),
}

export const crashBeforeReply: Nemesis = {
  name: 'crash-before-reply',
  summary: 'kill a node after it has received a request and before it replies; restart it from its disk',
  kind: 'crash-before-reply',
  among: 'clients',
  plan: (random) =>
    just({
      kind: 'crash-before-reply',
      links: random.pick(['from-clients-to-one', 'from-clients-to-leader'] as const),
      when: { nth: 1 + random.integer(20) },
    }),
}

const silences = ['reset', 'hang'] as const

export const loseReply: Nemesis = {
  name: 'lose-reply',
  summary: 'serve 5 to 30% of the requests and drop their responses',
  kind: 'lose-reply',
  among: 'clients',
  plan: (random) => just({ kind: 'lose-reply', links, silence: random.pick(silences), when: from5To30Percent(random) }),
  inTraffic: { streams: loseAnswers },
}

export const delayReply: Nemesis = {
  name: 'delay-reply',
  summary: 'delay 5 to 30% of the responses by 50 to 500 ms',
  kind: 'delay-reply',
  among: 'clients',
  plan: (random) =>
    just({
      kind: 'delay-reply',
      links,
      delayMs: millis(50 + random.integer(451)),
      jitterMs: millis(0),
      when: from5To30Percent(random),
    }),
  inTraffic: { streams: holdAnswers },
}

export const abort: Nemesis = {
  name: 'abort',
  summary: 'reset the connection in the middle of 5 to 30% of the responses',
  kind: 'truncate-reply',
  among: 'clients',
  plan: (random) => just({ kind: 'truncate-reply', links, bytes: random.integer(8), when: from5To30Percent(random) }),
}

export const slowBody: Nemesis = {
  name: 'slow-body',
  summary: 'deliver 5 to 30% of the responses a few bytes at a time',
  kind: 'trickle-reply',
  among: 'clients',
  plan: (random) =>
    just({
      kind: 'trickle-reply',
      links,
      pieceBytes: 1 + random.integer(4),
      pauseMs: millis(5 + random.integer(16)),
      when: from5To30Percent(random),
    }),
}

export const errorStatus: Nemesis = {
  name: 'error-status',
  summary: 'answer 5 to 30% of the requests with 500 although the node carried them out',
  kind: 'error-status',
  among: 'clients',
  plan: (random) =>
    just({
      kind: 'error-status',
      links,
      // Not 503, by which a backend may mean that it has done nothing.
      status: 500,
      body: 'an injected error\n',
      after: 'forwarding',
      when: from5To30Percent(random),
    }),
}

export const duplicateRequest: Nemesis = {
  name: 'duplicate-request',
  summary: 'deliver 5 to 30% of the requests to the node twice',
  kind: 'duplicate-request',
  among: 'clients',
  plan: (random) => just({ kind: 'duplicate-request', links, copies: 1, when: from5To30Percent(random) }),
}
