import type { PartitionShape } from '../schedule/schedule.ts'
import { amongClients, amongNodes, type Nemesis } from './nemesis.ts'
import { cutOffClients, inAllTraffic } from './traffic.ts'

// `isolate-leader` is listed twice, because cutting off the leader does the most harm.
const shapes = ['halves', 'majority-ring', 'isolate-leader', 'isolate-leader', 'isolate-one'] as const
const modes = ['hold', 'drop'] as const

const cutting = (name: string, links: PartitionShape, summary: string): Nemesis =>
  amongNodes('partition', { name, summary, plan: (random) => ({ links, mode: random.pick(modes) }) })

export const partitions: readonly Nemesis[] = [
  amongNodes('partition', {
    summary: 'cut the network between nodes into random halves or a majority ring, or cut off the leader',
    plan: (random) => ({ links: random.pick(shapes), mode: random.pick(modes) }),
    inTraffic: inAllTraffic(cutOffClients),
  }),
  cutting('halves', 'halves', 'cut the network in two at random'),
  cutting(
    'ring',
    'majority-ring',
    'cut links so that each node reaches a majority, but no two nodes reach the same majority',
  ),
  cutting(
    'isolate-leader',
    'isolate-leader',
    'cut the current leader off from all other nodes; clients still reach it',
  ),
  cutting('bridge', 'bridge', 'cut the network into two halves that only one node connects'),
  cutting('one-way', 'one-way', 'cut one direction of the links of a node: it can only receive, or only send'),
]

export const cutClients: Nemesis = amongClients('partition', {
  name: 'cut-clients',
  summary: 'cut off all clients from all nodes',
  plan: (random) => ({ links: 'with-clients', mode: random.pick(modes) }),
})
