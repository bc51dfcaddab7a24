import type { NodeId } from '@chaosproxy/faults'
import { forgetOldest } from '../memory.ts'
import { entryOf } from '../objects/object.ts'

/** Attached to a request that one node forwards to another, to distinguish it from duplicates. */
export interface Ticket {
  readonly life: number
  readonly number: number
}

export interface Forwarding {
  readonly life: number
  issued: number
  /** By node and life: the number of the last ticket accepted. */
  readonly taken: Map<NodeId, Map<number, number>>
}

/** For each node, the last ticket is kept for this many of its restarts. */
const LIVES_LIMIT = 100

export const createForwarding = (life: number): Forwarding => ({ life, issued: 0, taken: new Map() })

export function issueTicket(forwarding: Forwarding): Ticket {
  forwarding.issued++
  return { life: forwarding.life, number: forwarding.issued }
}

/**
 * Returns whether a request is new: its ticket is later than all others of the same `life`. Any other request must not
 * be answered. A refusal would claim that it had no effect, but its first copy may still enter the log.
 */
export function takeTicket({ taken }: Forwarding, from: NodeId, { life, number }: Ticket): boolean {
  const lives = entryOf(taken, from, () => new Map<number, number>())
  const last = lives.get(life)
  if (last !== undefined && number <= last) return false
  lives.set(life, number)
  forgetOldest(lives, LIVES_LIMIT)
  return true
}
