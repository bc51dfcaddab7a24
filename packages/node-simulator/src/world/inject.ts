import { type Fault, type Link, linkName, type NodeId } from '@chaosproxy/faults'
import type { Healed, Injected } from '@chaosproxy/runner'
import { isServiceFault, type ServiceFault, serviceSuffers } from '../suffers.ts'
import type { LinkFault, Network } from './network.ts'
import type { ServiceNode } from './node.ts'
import type { World } from './world.ts'

/** What faults act on. */
export interface Injectable {
  readonly world: World
  readonly network: Network
  readonly nodes: ReadonlyMap<NodeId, ServiceNode>
}

type Undo = () => number

/** Injects faults, and remembers what undoes those in force. */
export function createInjector(around: Injectable): {
  inject(fault: Fault, injected: (outcome: Injected) => void): void
  healAll(): void
} {
  const { world } = around
  const inForce = new Set<Undo>()
  return {
    inject(fault, injected) {
      const why = problemOf(fault, around)
      if (why !== undefined || !isServiceFault(fault)) {
        world.schedule(0, () => injected({ type: 'failed', error: why ?? `${fault.kind} is not simulated` }))
        return
      }
      const undo = once(apply(fault, around))
      inForce.add(undo)
      const heal = (healed: (outcome: Healed) => void): void => {
        inForce.delete(undo)
        const hits = undo()
        world.schedule(0, () => healed({ type: 'healed', hits }))
      }
      world.schedule(0, () => injected({ type: 'injected', heal }))
    },
    healAll() {
      for (const undo of inForce) undo()
      inForce.clear()
    },
  }
}

function once(undo: Undo): Undo {
  let hits: number | undefined
  return () => {
    hits ??= undo()
    return hits
  }
}

function problemOf(fault: Fault, { network, nodes }: Injectable): string | undefined {
  const suffers = serviceSuffers(fault.kind)
  if (suffers !== true) return `${suffers.not}; instead: ${suffers.instead}`
  if ('nodes' in fault) {
    const stranger = fault.nodes.find((id) => !nodes.has(id))
    return stranger === undefined ? undefined : `there is no node ${stranger}`
  }
  if (fault.match !== undefined || fault.when !== undefined)
    return 'connections of programs are neither counted nor matched: leave "match" and "when" out'
  const stranger = fault.links.find((link) => !network.has(link))
  return stranger === undefined ? undefined : `there is no link ${linkName(stranger)}`
}

/** The fault is in force when this returns. */
function apply(fault: ServiceFault, { world, network, nodes }: Injectable): Undo {
  const named = 'nodes' in fault ? fault.nodes.flatMap((id) => nodes.get(id) ?? []) : []
  switch (fault.kind) {
    case 'partition':
    case 'blackhole':
    case 'latency':
    case 'bandwidth':
      return onLinks(fault, fault.links, network)
    case 'reset': {
      const hits = fault.links.reduce((sum, link) => sum + network.reset(link), 0)
      return () => hits
    }
    case 'kill': {
      const killed = named.filter((node) => node.kill())
      return () => {
        for (const node of killed) node.start()
        return killed.length
      }
    }
    case 'pause': {
      const paused = named.filter(({ id }) => !world.paused.has(id))
      for (const { id } of paused) world.paused.set(id, [])
      return () => {
        for (const { id } of paused) world.resume(id)
        return paused.length
      }
    }
    case 'clock': {
      const wrong = { offsetMs: fault.offsetMs, driftPpm: fault.driftPpm, since: world.now() }
      const before = world.turnCount
      for (const { clock } of named) clock.add(wrong, world.now())
      return () => {
        for (const { clock } of named) clock.remove(wrong, world.now())
        return world.turnCount - before
      }
    }
    default:
      return fault satisfies never
  }
}

function onLinks(fault: LinkFault, links: readonly Link[], network: Network): Undo {
  const standing = network.add(links, fault)
  return () => {
    network.remove(links, standing)
    return standing.hits
  }
}
