import { type DatagramFault, isCounted, isTimely, type Random } from '@chaosproxy/faults'
import type { ClientFilter } from '../client-filter.ts'
import { createClientFilter } from '../client-filter.ts'
import { type DatagramFate, suffer } from './datagram-harms.ts'

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

/** Applies each rule to a datagram in turn. Delays add up; of several rules that set it aside, the last counts. */
export function planDatagram(
  rules: readonly DatagramRule[],
  bytes: Buffer,
  client: string,
  nowMs: number,
): DatagramFate {
  let fate: DatagramFate = { bytes, copies: 1, delayMs: 0, aside: undefined, waitsFor: [] }
  for (const rule of rules) {
    if (!strikes(rule, client, nowMs)) continue
    rule.standing.hits++
    fate = suffer(fate, rule)
    if (fate.copies === 0) break
  }
  return fate
}
