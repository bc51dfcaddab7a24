import { fromClients, type Link, linksBetween, type NodeId, toClients } from '../definition/link.ts'
import type { Fault } from '../families/registry.ts'
import { minoritySize } from './outage.ts'
import type { Random } from './random.ts'
import type { FaultPlan, LinkSelector, NodeSelector, PartitionShape } from './schedule.ts'

export interface Situation {
  readonly nodes: readonly NodeId[]
  readonly leader: NodeId | undefined
  readonly random: Random
}

/** Resolves a fault's selectors to names, which the history records. */
export function resolveFault(plan: FaultPlan, situation: Situation): Fault {
  if (isResolved(plan)) return plan
  return 'nodes' in plan
    ? { ...plan, nodes: selectNodes(plan.nodes, situation) }
    : { ...plan, links: selectLinks(plan.links, situation) }
}

/** Whether a fault names its nodes or links. */
export const isResolved = (plan: FaultPlan): plan is Fault =>
  typeof ('nodes' in plan ? plan.nodes : plan.links) === 'object'

function selectNodes(selector: NodeSelector, { nodes, leader, random }: Situation): readonly NodeId[] {
  if (typeof selector === 'object') return selector
  switch (selector) {
    case 'one':
      return [random.pick(nodes)]
    case 'minority':
      return random.shuffle(nodes).slice(0, minoritySize(nodes.length)).sort()
    case 'leader':
      return [leader ?? random.pick(nodes)]
    case 'follower': {
      const followers = nodes.filter((node) => node !== leader)
      return [random.pick(followers.length === 0 ? nodes : followers)]
    }
    case 'all':
      return nodes
  }
}

function selectLinks(selector: LinkSelector, situation: Situation): readonly Link[] {
  if (typeof selector === 'object') return selector
  const { nodes } = situation
  switch (selector) {
    case 'between-nodes':
      return linksAmong(nodes)
    case 'from-clients':
      return fromClients(nodes)
    case 'to-clients':
      return toClients(nodes)
    case 'from-clients-to-one':
      return [{ from: 'clients', to: situation.random.pick(nodes) }]
    case 'from-clients-to-leader':
      return [{ from: 'clients', to: situation.leader ?? situation.random.pick(nodes) }]
    case 'with-clients':
      return linksBetween([['clients'], nodes])
    default:
      return partitionLinks(selector, situation)
  }
}

function partitionLinks(shape: PartitionShape, { nodes, leader, random }: Situation): readonly Link[] {
  const shuffled = random.shuffle(nodes)
  switch (shape) {
    case 'halves':
      return cutInHalves(shuffled)
    case 'majority-ring':
      return majorityRingCut(shuffled)
    case 'isolate-leader':
      return isolate(leader ?? random.pick(nodes), nodes)
    case 'isolate-one':
      return isolate(random.pick(nodes), nodes)
    case 'one-way': {
      const lonely = random.pick(nodes)
      const deaf = random.chance(0.5)
      const others = nodes.filter((node) => node !== lonely)
      return others.map((other) => (deaf ? { from: other, to: lonely } : { from: lonely, to: other }))
    }
    case 'bridge': {
      const [, ...rest] = shuffled
      return cutInHalves(rest)
    }
  }
}

function cutInHalves(nodes: readonly NodeId[]): Link[] {
  const half = Math.floor(nodes.length / 2)
  return linksBetween([nodes.slice(0, half), nodes.slice(half)])
}

const isolate = (lonely: NodeId, nodes: readonly NodeId[]): Link[] =>
  linksBetween([[lonely], nodes.filter((node) => node !== lonely)])

const linksAmong = (nodes: readonly NodeId[]): Link[] => linksBetween(nodes.map((node) => [node]))

/**
 * Cuts a ring so that each node keeps its links to its nearest neighbours and forms a majority with them. A ring of
 * fewer than five nodes is cut into halves.
 */
function majorityRingCut(ring: readonly NodeId[]): Link[] {
  const reach = Math.ceil(Math.floor(ring.length / 2) / 2)
  if (ring.length < 5) return cutInHalves(ring)
  const links: Link[] = []
  for (const [i, from] of ring.entries())
    for (const [j, to] of ring.entries()) {
      const distance = Math.min((i - j + ring.length) % ring.length, (j - i + ring.length) % ring.length)
      if (distance > reach) links.push({ from, to })
    }
  return links
}
