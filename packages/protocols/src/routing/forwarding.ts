import type { NodeId } from '@chaos/faults'

/** On a request that one node hands to another: tells it from copies of itself. */
export interface Ticket {
  /** Of the node that hands it over: another one after each restart. */
  readonly life: number
  readonly number: number
}

export interface Forwarding {
  readonly life: number
  issued: number
  /** The last that was taken from each node. */
  readonly taken: Map<NodeId, Ticket>
}

export const createForwarding = (life: number): Forwarding => ({ life, issued: 0, taken: new Map() })

export function issueTicket(forwarding: Forwarding): Ticket {
  forwarding.issued++
  return { life: forwarding.life, number: forwarding.issued }
}

/**
 * False for a copy of a request that was taken before, and for one that a later one overtook. Neither must be answered: a
 * refusal would say that nothing comes of the request, and the first copy may be on its way into the log.
 */
export function takeTicket({ taken }: Forwarding, from: NodeId, ticket: Ticket): boolean {
  const last = taken.get(from)
  if (last !== undefined && last.life === ticket.life && ticket.number <= last.number) return false
  taken.set(from, ticket)
  return true
}
