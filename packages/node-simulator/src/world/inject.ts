import { type Fault, linkName } from '@chaosproxy/faults'
import type { Healed, Injected } from '@chaosproxy/runner'
import { type Injectable, serviceBlows, type Undo } from './blows.ts'
import { serviceSuffers } from './suffers.ts'

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
      if (why !== undefined) {
        world.schedule(0, () => injected({ type: 'failed', error: why }))
        return
      }
      const undo = once(strike(fault, around))
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

function strike(fault: Fault, around: Injectable): Undo {
  // The table pairs each kind with its own blow, which the compiler cannot follow through the lookup.
  const blow = serviceBlows[fault.kind] as ((fault: Fault, around: Injectable) => Undo) | undefined
  if (blow === undefined) throw new Error(`${fault.kind} is refused above`)
  return blow(fault, around)
}
