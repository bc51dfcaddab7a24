import { type Fault, type Link, linkName, type NodeId } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import type { MessageTrouble, SimulatedNetwork, StandingFault } from './network.ts'
import type { SimulatedNode } from './node.ts'
import { type SimulatedFault, simulated } from './suffers.ts'

/** The parts of a cluster that faults act on. */
export interface World {
  readonly network: SimulatedNetwork
  readonly nodes: ReadonlyMap<NodeId, SimulatedNode>
  now(): Nanos
}

/** Heals, and returns how often the fault took effect. */
export type Undo = () => number

/** The fault is in force when this returns. It must be possible. */
export function apply(fault: SimulatedFault, world: World): Undo {
  switch (fault.kind) {
    case 'partition':
    case 'blackhole':
    case 'latency':
    case 'bandwidth':
    case 'drop-message':
    case 'duplicate-message':
    case 'reorder-message':
    case 'delay-message':
    case 'corrupt-message':
    case 'forge-message':
    case 'forge-signed-message':
    case 'lose-request':
    case 'delay-request':
      return onLinks(fault, fault.links, world)
    case 'lose-reply':
    case 'delay-reply':
      // The fault's links are named in the direction of the requests.
      return onLinks(
        fault,
        fault.links.map(({ from, to }) => ({ from: to, to: from })),
        world,
      )
    case 'reset':
      for (const { from, to } of fault.links) world.network.link(from, to).reset()
      return () => fault.links.length
    case 'kill': {
      const killed = named(fault.nodes, world).filter((node) => kill(node, world))
      return () => restart(killed)
    }
    case 'crash':
      return crash(fault, world)
    case 'pause': {
      const paused = named(fault.nodes, world)
      for (const node of paused) node.pause()
      return () => {
        for (const node of paused) node.resume()
        return paused.length
      }
    }
    case 'clock':
      return setClocks(fault, world)
  }
}

/** The fault, if this cluster can suffer it; otherwise why not. */
export function possible(fault: Fault, { network, nodes }: World): SimulatedFault | { readonly not: string } {
  if ('nodes' in fault) {
    const stranger = fault.nodes.find((id) => !nodes.has(id))
    if (stranger !== undefined) return { not: `there is no node ${stranger}` }
  } else {
    const stranger = fault.links.find((link) => !network.has(link))
    if (stranger !== undefined) return { not: `there is no link ${linkName(stranger)}` }
  }
  return simulated(fault)
}

function onLinks(fault: MessageTrouble, links: readonly Link[], { network, now }: World): Undo {
  const current: StandingFault = { hits: 0, fault, appliedAt: now() }
  network.add(links, current)
  return () => {
    network.remove(links, current)
    return current.hits
  }
}

function crash({ nodes, before, nth }: Extract<Fault, { readonly kind: 'crash' }>, world: World): Undo {
  const killed: SimulatedNode[] = []
  const points = named(nodes, world).map((node) => {
    const die = () => {
      if (kill(node, world)) killed.push(node)
    }
    return { node, point: { before, left: nth, die } }
  })
  for (const { node, point } of points) node.crashes.add(point)
  return () => {
    for (const { node, point } of points) node.crashes.remove(point)
    return restart(killed)
  }
}

/** Takes effect whenever a node takes a step by a wrong clock. */
function setClocks({ nodes, offsetMs, driftPpm }: Extract<Fault, { readonly kind: 'clock' }>, world: World): Undo {
  const wrong = named(nodes, world)
  const fault = { offsetMs, driftPpm, since: world.now() }
  const steps = () => wrong.reduce((sum, node) => sum + node.steps, 0)
  const before = steps()
  for (const node of wrong) node.addClockFault(fault)
  return () => {
    for (const node of wrong) node.removeClockFault(fault)
    return steps() - before
  }
}

/** False if the node was down already. */
function kill(node: SimulatedNode, { network }: World): boolean {
  if (!node.kill()) return false
  // Breaks its connections: messages in flight to it never arrive.
  network.resetTo(node.id)
  return true
}

function restart(killed: readonly SimulatedNode[]): number {
  for (const node of killed) node.restart()
  return killed.length
}

function named(ids: readonly NodeId[], { nodes }: World): SimulatedNode[] {
  return ids.map((id) => {
    const node = nodes.get(id)
    if (node === undefined) throw new Error(`there is no node ${id}`)
    return node
  })
}
