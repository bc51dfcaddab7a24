import type { LinkFault } from '@chaos/faults'
import type { LinkFault as NetworkFault } from '../link-fault.ts'
import type { Network } from '../network.ts'

/** A fault in force, which may be changed while it is. */
export interface InForce {
  readonly hits: number
  update(fault: LinkFault): void
  remove(): void
}

/** What puts faults into force. */
export interface Injector {
  apply(fault: LinkFault): InForce
}

/** The network as an injector; a changed fault takes the place of the one before. */
export function injectorOf(network: Pick<Network, 'apply'>): Injector {
  return {
    apply(fault) {
      let applied = network.apply(fault as NetworkFault)
      let hitsBefore = 0
      return {
        get hits() {
          return hitsBefore + applied.hits
        },
        update(changed) {
          const next = network.apply(changed as NetworkFault)
          hitsBefore += applied.hits
          applied.remove()
          applied = next
        },
        remove: () => applied.remove(),
      }
    },
  }
}
