import type { Fault, Link } from '@chaos/faults'
import { linkName } from '@chaos/faults'
import { UserError } from '@chaos/history'

/**
 * Everything a link of the proxy can suffer. A blackhole is a partition that drops. Latency is spread by its jitter
 * evenly to both sides. Bandwidth is that of each connection on the link; 0 lets nothing pass.
 */
export type LinkFault =
  | Extract<Fault, { readonly kind: 'partition' | 'latency' | 'bandwidth' | 'reset' }>
  | { readonly kind: 'blackhole'; readonly links: readonly Link[] }

/** A fault that stays until it is removed; a reset is over as soon as it has happened. */
export type StandingFault = Exclude<LinkFault, { readonly kind: 'reset' }>

/** @throws UserError (usage) naming the fault, its links and the number that makes no sense. */
export function validateLinkFault(fault: LinkFault): void {
  if (fault.kind === 'latency') {
    requireAmount(fault, 'latencyMs', fault.latencyMs)
    requireAmount(fault, 'jitterMs', fault.jitterMs)
  }
  if (fault.kind === 'bandwidth') requireAmount(fault, 'bytesPerSecond', fault.bytesPerSecond)
}

function requireAmount(fault: LinkFault, member: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return
  throw new UserError(
    'usage',
    `${fault.kind} on ${fault.links.map(linkName).join(', ')}: ${member} is ${value}. Give a finite number, 0 or more.`,
  )
}
