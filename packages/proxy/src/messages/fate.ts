import type { MessageFault, Random } from '@chaosproxy/faults'
import { type Fate, messageHarms, type Strike } from './harms.ts'
import type { MessageRule, Track } from './message-rule.ts'

export interface FateOptions {
  readonly track: Track
  /** How many messages of the direction and connection came before. */
  readonly earlier: number
  readonly nowMs: number
  /** The connection's own random stream for a rule. */
  readonly random: (rule: MessageRule) => Random
}

/**
 * Applies each rule to a message in turn; undefined if none strikes, so that it passes unchanged. No further rule sees
 * a lost message. Delays add up; of several rules that set it aside, or that repeat it, the last one counts.
 */
export function planFate(rules: readonly MessageRule[], message: Buffer, options: FateOptions): Fate | undefined {
  const { earlier, track, nowMs } = options
  const isCompressed = track.framing.isCompressed?.(message) === true
  let fate: Fate | undefined
  for (const rule of rules) {
    if (isCompressed && rule.missesCompressed()) continue
    const random = () => options.random(rule)
    if (!rule.strikes(message, earlier, track, nowMs, random)) continue
    const next = suffer(fate ?? { copies: [message], delayMs: 0, delayedBy: [] }, { message, rule, track, random })
    if (next === undefined) continue
    fate = next
    if (fate.copies.length === 0) break
  }
  return fate
}

function suffer(fate: Fate, strike: Strike): Fate | undefined {
  const { fault } = strike.rule.standing
  // The table pairs each kind with its own harm, which the compiler cannot follow through the lookup.
  const harm = messageHarms[fault.kind] as (fate: Fate, fault: MessageFault, strike: Strike) => Fate | undefined
  return harm(fate, fault, strike)
}
