import { type Fault, linkName, type NodeId } from '@chaos/faults'
import type { Nanos } from '@chaos/history'
import type { LinkFault, Network, OnLinks } from './network.ts'
import type { SimulatedNode } from './node.ts'

/** What faults act on. */
export interface World {
  readonly network: Network
  readonly nodes: ReadonlyMap<NodeId, SimulatedNode>
  now(): Nanos
}

/** Heals, and says how often the fault bit. */
export type Undo = () => number

/** The fault is in force when this returns. It must be possible. */
export function apply(fault: Fault, world: World): Undo {
  switch (fault.kind) {
    case 'partition':
    case 'latency':
    case 'bandwidth':
    case 'loss':
    case 'duplicate':
    case 'reorder':
    case 'corrupt':
      return onLinks(fault, world)
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

/** Why a cluster like this cannot suffer it; undefined where it can. */
export function whyImpossible(fault: Fault, { network, nodes }: World): string | undefined {
  if ('nodes' in fault) {
    const stranger = fault.nodes.find((id) => !nodes.has(id))
    return stranger === undefined ? undefined : `there is no node ${stranger}`
  }
  const stranger = fault.links.find((link) => !network.has(link))
  if (stranger !== undefined) return `there is no link ${linkName(stranger)}`
  const ofClients = fault.links.find(({ from, to }) => from === 'clients' || to === 'clients')
  if (fault.kind === 'duplicate' && ofClients !== undefined)
    return `${linkName(ofClients)} carries no messages that could come twice: each request of a client is made once`
  return undefined
}

function onLinks(fault: OnLinks, { network }: World): Undo {
  const current: LinkFault = { hits: 0, fault }
  network.add(fault.links, current)
  return () => {
    network.remove(fault.links, current)
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

/** Bites where a node takes a step by a clock that is wrong. */
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

/** False where it was down already. */
function kill(node: SimulatedNode, { network }: World): boolean {
  if (!node.kill()) return false
  // Its connections break: what was on its way to it never arrives.
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
