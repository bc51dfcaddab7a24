import { millis } from '@chaosproxy/history'
import type { Random } from '../schedule/random.ts'
import { amongNodes, from5To30Percent, type Nemesis } from './nemesis.ts'

const links = 'between-nodes' as const
const from1To10Percent = (random: Random) => ({ probability: 0.01 + 0.09 * random.next() })

const forged = (random: Random) => ({
  links,
  fields: 1,
  besides: random.chance(0.3),
  when: from1To10Percent(random),
})

export const messages: readonly Nemesis[] = [
  amongNodes('drop-message', {
    name: 'loss',
    summary: 'drop 5 to 30% of the messages between nodes',
    plan: (random) => ({ links, when: from5To30Percent(random) }),
  }),
  amongNodes('duplicate-message', {
    name: 'duplicate',
    summary: 'deliver 5 to 30% of the messages between nodes twice',
    plan: (random) => ({ links, copies: 1, when: from5To30Percent(random) }),
  }),
  amongNodes('reorder-message', {
    name: 'reorder',
    summary: 'let later messages overtake 5 to 30% of the messages between nodes, by up to 50 ms',
    plan(random) {
      const when = from5To30Percent(random)
      return { links, behind: 1, withinMs: millis(1 + random.integer(50)), when }
    },
  }),
  amongNodes('corrupt-message', {
    name: 'corrupt',
    summary: 'damage 1 to 10% of the messages between nodes, which breaks their connections',
    plan: (random) => ({ links, bits: 1, when: from1To10Percent(random) }),
  }),
  amongNodes('forge-message', {
    name: 'forge',
    summary: 'change 1 to 10% of the messages between nodes, or deliver changed copies next to the originals',
    plan: forged,
  }),
  amongNodes('forge-signed-message', {
    name: 'forge-signed',
    summary: 'change 1 to 10% of signed messages between nodes: receivers notice and drop them',
    plan: forged,
  }),
]
