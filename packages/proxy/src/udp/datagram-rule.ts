import type { DatagramFault, Random, Trigger } from '@chaosproxy/faults'
import { type ClientFilter, createClientFilter } from '../link/client-filter.ts'
import type { Standing } from '../link/rule-list.ts'

export interface StandingDatagramFault extends Standing<DatagramFault> {
  readonly isForClient: ClientFilter | undefined
}

export const standingDatagramFault = (fault: DatagramFault, appliedAtMs: number): StandingDatagramFault => ({
  fault,
  appliedAtMs,
  isForClient: fault.when?.client === undefined ? undefined : createClientFilter(fault.when.client),
  hits: 0,
  missed: 0,
})

/** A datagram fault on one link, with its own count of the link's datagrams and its own random stream. */
export interface DatagramRule {
  readonly standing: StandingDatagramFault
  readonly random: Random
  readonly trigger: Trigger
}

/** Whether the rule hits this datagram. Call it once for each datagram, because a call counts. */
export function strikes(rule: DatagramRule, client: string, nowMs: number): boolean {
  const { isForClient, appliedAtMs } = rule.standing
  if (isForClient?.(client) === false) return false
  return rule.trigger.strikes(nowMs - appliedAtMs, () => rule.random.next())
}
