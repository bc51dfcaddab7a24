import { type Fault, type Link, linkName, type TrafficFault } from '@chaosproxy/faults'
import { blows, type Undo, type World } from './blows.ts'
import { messageTroubles, type StandingFault } from './message-troubles.ts'
import { simulated } from './suffers.ts'

/** The fault is in force when this returns. It must be possible. */
export function apply(fault: Fault, world: World): Undo {
  const trouble = messageTroubles[fault.kind]
  if (trouble !== undefined && 'links' in fault) {
    const links = trouble.onReplies === true ? fault.links.map(({ from, to }) => ({ from: to, to: from })) : fault.links
    return onLinks(fault, links, world)
  }
  // The table pairs each kind with its own blow, which the compiler cannot follow through the lookup.
  const blow = blows[fault.kind] as ((fault: Fault, world: World) => Undo) | undefined
  if (blow === undefined) throw new Error(`${fault.kind} is refused above`)
  return blow(fault, world)
}

/** The fault, if this cluster can suffer it; otherwise why not. */
export function possible(fault: Fault, { network, nodes }: World): Fault | { readonly not: string } {
  if ('nodes' in fault) {
    const stranger = fault.nodes.find((id) => !nodes.has(id))
    if (stranger !== undefined) return { not: `there is no node ${stranger}` }
  } else {
    const stranger = fault.links.find((link) => !network.has(link))
    if (stranger !== undefined) return { not: `there is no link ${linkName(stranger)}` }
  }
  return simulated(fault)
}

function onLinks(fault: TrafficFault, links: readonly Link[], { network, now }: World): Undo {
  const current: StandingFault = { hits: 0, fault, appliedAt: now() }
  network.add(links, current)
  return () => {
    network.remove(links, current)
    return current.hits
  }
}
