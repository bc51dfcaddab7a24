import { millis } from '@chaosproxy/history'
import type { Random } from '../random.ts'
import { just } from './episode.ts'
import type { Nemesis } from './nemesis.ts'

const links = 'from-clients'
const from5To30Percent = (random: Random) => ({ probability: 0.05 + 0.25 * random.next() })

export const loseRequest: Nemesis = {
  name: 'lose-request',
  summary: 'lose 5 to 30% of the requests of clients, without a word',
  kind: 'lose-request',
  among: 'clients',
  plan: (random) => just({ kind: 'lose-request', links, silence: 'hang', when: from5To30Percent(random) }),
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
  summary: 'kill the node that has just got a request, before it answers; restart it from its disk',
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
  summary: 'let 5 to 30% of the requests be served, and their answers get lost',
  kind: 'lose-reply',
  among: 'clients',
  plan: (random) => just({ kind: 'lose-reply', links, silence: random.pick(silences), when: from5To30Percent(random) }),
}

export const delayReply: Nemesis = {
  name: 'delay-reply',
  summary: 'hold 5 to 30% of the answers back for 50 to 500 ms',
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
}

export const abort: Nemesis = {
  name: 'abort',
  summary: 'break 5 to 30% of the answers off in the middle, with a reset',
  kind: 'truncate-reply',
  among: 'clients',
  plan: (random) => just({ kind: 'truncate-reply', links, bytes: random.integer(8), when: from5To30Percent(random) }),
}

export const slowBody: Nemesis = {
  name: 'slow-body',
  summary: 'let 5 to 30% of the answers trickle in, a few bytes at a time',
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
  summary: 'tell 5 to 30% of the clients 500 though the node has done what they asked',
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
  summary: 'let 5 to 30% of the requests reach the node twice',
  kind: 'duplicate-request',
  among: 'clients',
  plan: (random) => just({ kind: 'duplicate-request', links, copies: 1, when: from5To30Percent(random) }),
}
