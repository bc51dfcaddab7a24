import { type DatagramFate, suffer } from './datagram-harms.ts'
import { type DatagramRule, strikes } from './datagram-rule.ts'

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
