import { millis } from '@chaosproxy/history'
import type { Random } from '../schedule/random.ts'
import { just, type Nemesis } from './nemesis.ts'

const links = 'between-nodes'
const from5To30Percent = (random: Random): number => 0.05 + 0.25 * random.next()

export const loss: Nemesis = {
  name: 'loss',
  summary: 'drop 5 to 30% of the messages between nodes',
  kind: 'drop-message',
  among: 'nodes',
  plan: (random) => just({ kind: 'drop-message', links, when: { probability: from5To30Percent(random) } }),
}

export const duplicate: Nemesis = {
  name: 'duplicate',
  summary: 'deliver 5 to 30% of the messages between nodes twice',
  kind: 'duplicate-message',
  among: 'nodes',
  plan: (random) =>
    just({ kind: 'duplicate-message', links, copies: 1, when: { probability: from5To30Percent(random) } }),
}

export const reorder: Nemesis = {
  name: 'reorder',
  summary: 'let later messages overtake 5 to 30% of the messages between nodes, by up to 50 ms',
  kind: 'reorder-message',
  among: 'nodes',
  plan(random) {
    const when = { probability: from5To30Percent(random) }
    return just({ kind: 'reorder-message', links, behind: 1, withinMs: millis(1 + random.integer(50)), when })
  },
}

export const corrupt: Nemesis = {
  name: 'corrupt',
  summary: 'damage 1 to 10% of the messages between nodes, which breaks their connections',
  kind: 'corrupt-message',
  among: 'nodes',
  plan: (random) =>
    just({ kind: 'corrupt-message', links, bits: 1, when: { probability: 0.01 + 0.09 * random.next() } }),
}

const planForged = (kind: 'forge-message' | 'forge-signed-message', random: Random) =>
  just({
    kind,
    links,
    fields: 1,
    besides: random.chance(0.3),
    when: { probability: 0.01 + 0.09 * random.next() },
  })

export const forge: Nemesis = {
  name: 'forge',
  summary: 'change 1 to 10% of the messages between nodes, or deliver changed copies next to the originals',
  kind: 'forge-message',
  among: 'nodes',
  plan: (random) => planForged('forge-message', random),
}

export const forgeSigned: Nemesis = {
  name: 'forge-signed',
  summary: 'change 1 to 10% of signed messages between nodes: receivers notice and drop them',
  kind: 'forge-signed-message',
  among: 'nodes',
  plan: (random) => planForged('forge-signed-message', random),
}
