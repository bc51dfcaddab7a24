import { type DatagramFault, isCounted, isTimely, type Random } from '@chaosproxy/faults'
import type { ClientFilter } from '../link/client-filter.ts'
import { createClientFilter } from '../link/client-filter.ts'

/** A datagram fault in force, over all its links. */
export interface StandingDatagramFault {
  readonly fault: DatagramFault
  readonly appliedAtMs: number
  readonly isForClient: ClientFilter | undefined
  hits: number
}

export const standingDatagramFault = (fault: DatagramFault, appliedAtMs: number): StandingDatagramFault => ({
  fault,
  appliedAtMs,
  isForClient: fault.when?.client === undefined ? undefined : createClientFilter(fault.when.client),
  hits: 0,
})

/** A datagram fault on one link. It counts the link's datagrams and has its own random stream. */
export interface DatagramRule {
  readonly standing: StandingDatagramFault
  readonly random: Random
  seen: number
}

/** Whether the rule hits this datagram. Ask once for each datagram: asking counts. */
export function strikes(rule: DatagramRule, client: string, nowMs: number): boolean {
  const { fault, appliedAtMs, isForClient } = rule.standing
  const { when } = fault
  if (when === undefined) return true
  if (!isTimely(when, nowMs - appliedAtMs)) return false
  if (isForClient?.(client) === false) return false
  rule.seen++
  if (!isCounted(when, rule.seen)) return false
  return when.probability === undefined || rule.random.chance(when.probability)
}
