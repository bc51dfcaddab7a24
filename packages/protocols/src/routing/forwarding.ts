import type { NodeId } from '@chaosproxy/faults'
import { remember } from '../memory.ts'
import { entryOf } from '../objects/object.ts'

/**
 * A ticket is attached to a request that one node forwards to another. It distinguishes the request from duplicates.
 */
export interface Ticket {
  readonly life: number
  readonly number: number
}

export interface Forwarding {
  readonly life: number
  issued: number
  /** By node, and by life of this node (see `LIVES_LIMIT`): the number of the last ticket that was accepted. */
  readonly taken: Map<NodeId, Map<number, number>>
}

/**
 * The maximum number of lives of one node whose last accepted ticket is remembered. Each restart of the node begins a
 * new life.
 */
const LIVES_LIMIT = 100

export const createForwarding = (life: number): Forwarding => ({ life, issued: 0, taken: new Map() })

export function issueTicket(forwarding: Forwarding): Ticket {
  forwarding.issued++
  return { life: forwarding.life, number: forwarding.issued }
}

/**
 * Returns whether a request is new: its ticket is later than all others of the same `life`. A request that is not new
 * must get no answer. A refusal would claim that the request had no effect, but an earlier copy of it may still enter
 * the log.
 */
export function takeTicket({ taken }: Forwarding, from: NodeId, { life, number }: Ticket): boolean {
  const lives = entryOf(taken, from, () => new Map<number, number>())
  const last = lives.get(life)
  if (last !== undefined && number <= last) return false
  remember(lives, life, number, LIVES_LIMIT)
  return true
}
