import type { NodeId } from '@chaosproxy/faults'

/** Attached to a request that one node forwards to another, to tell it from duplicates. */
export interface Ticket {
  /** The sender's life: changes with each restart. */
  readonly life: number
  readonly number: number
}

export interface Forwarding {
  readonly life: number
  issued: number
  /** The last ticket taken from each node. */
  readonly taken: Map<NodeId, Ticket>
}

export const createForwarding = (life: number): Forwarding => ({ life, issued: 0, taken: new Map() })

export function issueTicket(forwarding: Forwarding): Ticket {
  forwarding.issued++
  return { life: forwarding.life, number: forwarding.issued }
}

/**
 * False for a duplicate of a request already taken, or a request overtaken by a later one. Neither may be answered: a
 * refusal would claim that the request has no effect, while the first copy may be on its way into the log.
 */
export function takeTicket({ taken }: Forwarding, from: NodeId, ticket: Ticket): boolean {
  const last = taken.get(from)
  if (last !== undefined && last.life === ticket.life && ticket.number <= last.number) return false
  taken.set(from, ticket)
  return true
}
