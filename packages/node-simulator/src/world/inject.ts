import { type Fault, refusalText } from '@chaosproxy/faults'
import { createInjector, type Injector, strangerIn, type Undo } from '@chaosproxy/simulator'
import { type Injectable, serviceBlows } from './blows.ts'
import { serviceSuffers } from './suffers.ts'

/** Injects faults into nodes and links of programs. */
export const injectorOf = (around: Injectable): Injector =>
  createInjector({
    soon: (callback) => around.world.schedule(0, callback),
    problemOf: (fault) => problemOf(fault, around),
    strike(fault) {
      // The table pairs each kind with its own function; the compiler cannot follow that through the lookup.
      const blow = serviceBlows[fault.kind] as ((fault: Fault, around: Injectable) => Undo) | undefined
      if (blow === undefined) throw new Error(`${fault.kind} is refused above`)
      return blow(fault, around)
    },
  })

function problemOf(fault: Fault, around: Injectable): string | undefined {
  const suffers = serviceSuffers(fault.kind)
  if (suffers !== true) return refusalText(suffers)
  if (!('nodes' in fault) && (fault.match !== undefined || fault.when !== undefined))
    return 'connections of programs are neither counted nor matched: leave "match" and "when" out'
  return strangerIn(fault, around)
}
