import { type Fault, refusalText } from '@chaosproxy/faults'
import { createInjector, type Injector, strangerIn, type Undo } from '@chaosproxy/simulator'
import { type Injectable, isOfDatabases, serviceBlows } from './blows.ts'
import { serviceFaultSupport } from './fault-support.ts'

/** Returns an injector of faults into nodes and links of programs. */
export const injectorOf = (around: Injectable): Injector =>
  createInjector({
    soon: (callback) => around.world.schedule(0, callback),
    problemOf: (fault) => problemOf(fault, around),
    strike(fault) {
      // Each function in `serviceBlows` injects only faults of its own kind. The compiler cannot derive this from the
      // lookup by `fault.kind`.
      const blow = serviceBlows[fault.kind] as ((fault: Fault, around: Injectable) => Undo) | undefined
      if (blow === undefined) throw new Error(`${fault.kind} is refused above`)
      return blow(fault, around)
    },
  })

function problemOf(fault: Fault, around: Injectable): string | undefined {
  const support = serviceFaultSupport(fault.kind)
  if (support !== true) return refusalText(support)
  if (!('nodes' in fault) && (fault.match !== undefined || fault.when !== undefined))
    return 'a fault on connections of programs supports neither "match" nor "when": leave both out'
  return strangerIn(fault, around) ?? unable(fault, around)
}

/**
 * Returns why the fault cannot be injected into one of the nodes that it names, for example because the node is not a
 * PostgreSQL server.
 */
function unable(fault: Fault, { nodes }: Injectable): string | undefined {
  if (!('nodes' in fault)) return undefined
  const reasons = fault.nodes.map((id) => {
    const node = nodes.get(id)
    if (isOfDatabases(fault.kind) && node?.injectFault === undefined) return `${id} is no PostgreSQL of the simulator`
    return node?.whyNot?.(fault.kind)
  })
  return reasons.find((reason) => reason !== undefined)
}
