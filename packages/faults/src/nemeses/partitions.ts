import type { PartitionShape } from '../schedule/schedule.ts'
import { just, type Nemesis } from './nemesis.ts'
import { cutOffClients, inAllTraffic } from './traffic.ts'

// The leader is listed twice, since it does the most harm when cut off.
const shapes = ['halves', 'majority-ring', 'isolate-leader', 'isolate-leader', 'isolate-one'] as const
const modes = ['hold', 'drop'] as const

export const partition: Nemesis = {
  name: 'partition',
  summary: 'cut the network between nodes into random halves or a majority ring, or cut off the leader',
  kind: 'partition',
  among: 'nodes',
  plan: (random) => just({ kind: 'partition', links: random.pick(shapes), mode: random.pick(modes) }),
  inTraffic: inAllTraffic(cutOffClients),
}

const cutting = (name: string, shape: PartitionShape, summary: string): Nemesis => ({
  name,
  summary,
  kind: 'partition',
  among: 'nodes',
  plan: (random) => just({ kind: 'partition', links: shape, mode: random.pick(modes) }),
})

export const halves = cutting('halves', 'halves', 'cut the network in two at random')
export const ring = cutting(
  'ring',
  'majority-ring',
  'cut links so that every node reaches a majority, and no two the same one',
)
export const isolateLeader = cutting(
  'isolate-leader',
  'isolate-leader',
  'cut the current leader off from all other nodes; clients still reach it',
)
export const bridge = cutting('bridge', 'bridge', 'cut the network into two halves that only one node connects')
export const oneWay = cutting(
  'one-way',
  'one-way',
  'cut one direction of the links of a node: it receives from all others but none from it, or the reverse',
)

export const cutClients: Nemesis = {
  name: 'cut-clients',
  summary: 'cut off all clients from all nodes',
  kind: 'partition',
  among: 'clients',
  plan: (random) => just({ kind: 'partition', links: 'with-clients', mode: random.pick(modes) }),
}
