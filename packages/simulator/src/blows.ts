import type { Fault, FaultKind, FaultOfKind, Link, NodeId, TrafficFault } from '@chaosproxy/faults'
import { inputError, type Nanos } from '@chaosproxy/history'
import type { Undo } from './injector.ts'
import { messageTroubles, type StandingFault } from './message-troubles.ts'
import type { SimulatedNetwork } from './network.ts'
import type { SimulatedNode } from './node.ts'

export interface World {
  readonly network: SimulatedNetwork
  readonly nodes: ReadonlyMap<NodeId, SimulatedNode>
  now(): Nanos
}

/**
 * Functions that inject faults on nodes and connections, by kind. Each fault is in effect when its function returns.
 */
export const blows: { readonly [Kind in FaultKind]?: (fault: FaultOfKind<Kind>, world: World) => Undo } = {
  reset({ links }, { network }) {
    for (const { from, to } of links) network.link(from, to).reset()
    return () => links.length
  },
  kill({ nodes }, world) {
    const killed = named(nodes, world).filter((node) => kill(node, world))
    return () => restart(killed)
  },
  crash,
  pause({ nodes }, world) {
    const paused = named(nodes, world)
    for (const node of paused) node.pause()
    return () => {
      for (const node of paused) node.resume()
      return paused.length
    }
  },
  clock: setClocks,
}

/** A node as a user-defined fault sees it. Only real nodes return promises: a simulation does not await them. */
export interface Victim {
  /** Kills the node; returns false if it was already down. */
  kill(): boolean | Promise<boolean>
  revive(): void | Promise<void>
  pause(): boolean | Promise<boolean>
  resume(): void | Promise<void>
}

/** The effect of a user-defined fault on each of its nodes. */
export interface NodeHarm {
  /** Injects the fault into the node. Returns whether it had an effect, as the methods of `Victim` do. */
  strike(node: Victim): boolean | Promise<boolean>
  heal(node: Victim): void | Promise<void>
}

/** Strikes all nodes. @throws UserError (input) if a strike returns a promise. */
export function strikeAll(kind: string, { strike, heal }: NodeHarm, nodes: readonly Victim[]): Undo {
  const struck = nodes.filter((node) => {
    const done = strike(node)
    if (typeof done === 'boolean') return done
    throw inputError(
      `the function "strike" of ${kind} returned no boolean. In virtual time, do not await: return the boolean that the node's method returns.`,
    )
  })
  return () => {
    for (const node of struck) heal(node)
    return struck.length
  }
}

/** Adds the effect of a user-defined kind of fault on nodes. */
export function addBlow(kind: string, harm: NodeHarm): void {
  const open: { [kind: string]: unknown } = blows
  open[kind] = ({ nodes }: { readonly nodes: readonly NodeId[] }, world: World): Undo =>
    strikeAll(
      kind,
      harm,
      named(nodes, world).map((node) => ({
        kill: () => kill(node, world),
        revive: () => void node.restart(),
        pause() {
          node.pause()
          return true
        },
        resume: () => void node.resume(),
      })),
    )
}

/** Applies a fault that can be injected. The fault is in effect on return. */
export function apply(fault: Fault, world: World): Undo {
  const trouble = messageTroubles[fault.kind]
  if (trouble !== undefined && 'links' in fault) {
    const links = trouble.onReplies === true ? fault.links.map(({ from, to }) => ({ from: to, to: from })) : fault.links
    return onLinks(fault, links, world)
  }
  // The function accepts this kind of fault, but the compiler cannot infer that from the lookup.
  const blow = blows[fault.kind] as ((fault: Fault, world: World) => Undo) | undefined
  if (blow === undefined) throw new Error(`${fault.kind} is refused above`)
  return blow(fault, world)
}

function onLinks(fault: TrafficFault, links: readonly Link[], { network, now }: World): Undo {
  const current: StandingFault = { hits: 0, fault, appliedAt: now() }
  network.add(links, current)
  return () => {
    network.remove(links, current)
    return current.hits
  }
}

function crash({ nodes, before, nth }: FaultOfKind<'crash'>, world: World): Undo {
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

/** Sets wrong clocks. Each step of an affected node counts as a hit. */
function setClocks({ nodes, offsetMs, driftPpm }: FaultOfKind<'clock'>, world: World): Undo {
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

/** Kills a node; returns false if it was already down. */
function kill(node: SimulatedNode, { network }: World): boolean {
  if (!node.kill()) return false
  // Messages in flight to the node never arrive.
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
