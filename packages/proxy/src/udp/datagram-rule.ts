import { type DatagramFault, isCounted, isTimely, type Random } from '@chaosproxy/faults'
import type { ClientFilter } from '../client-filter.ts'
import { createClientFilter } from '../client-filter.ts'

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

/** A datagram fault on one link, which counts the link's datagrams and has a stream of chance of its own. */
export interface DatagramRule {
  readonly standing: StandingDatagramFault
  readonly random: Random
  seen: number
}

/** Whether the rule hits this datagram. To be asked once for each, since it counts. */
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

/** What becomes of one datagram. */
export interface DatagramFate {
  readonly bytes: Buffer
  /** 0 where it is lost. */
  readonly copies: number
  readonly delayMs: number
  /** It lets so many others of its direction and session pass, or waits so long. */
  readonly aside: { readonly behind: number; readonly withinMs: number } | undefined
  /** The rules it waits for, if it waits: with the last of them gone, it need not. */
  readonly waitsFor: readonly DatagramRule[]
}

/** Puts a datagram before each rule in turn. Delays add up; of several rules that set it aside, the last counts. */
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

/** However many rules duplicate it. */
const MOST_COPIES = 1000

function suffer(fate: DatagramFate, rule: DatagramRule): DatagramFate {
  const { fault } = rule.standing
  const waitsFor = [...fate.waitsFor, rule]
  switch (fault.kind) {
    case 'drop-datagram':
      return { ...fate, copies: 0 }
    case 'duplicate-datagram':
      return { ...fate, copies: Math.min(MOST_COPIES, fate.copies * (1 + fault.copies)) }
    case 'reorder-datagram':
      return { ...fate, aside: { behind: fault.behind, withinMs: fault.withinMs }, waitsFor }
    case 'delay-datagram': {
      const spreadMs = fault.jitterMs === 0 ? 0 : fault.jitterMs * (2 * rule.random.next() - 1)
      return { ...fate, delayMs: fate.delayMs + Math.max(0, fault.delayMs + spreadMs), waitsFor }
    }
    case 'corrupt-datagram':
      return { ...fate, bytes: flipBits(fate.bytes, fault.bits, rule.random) }
  }
}

function flipBits(bytes: Buffer, bits: number, random: Random): Buffer {
  const flipped = Buffer.from(bytes)
  for (let i = 0; i < bits && flipped.length > 0; i++) {
    const at = random.integer(flipped.length)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << random.integer(8))
  }
  return flipped
}
