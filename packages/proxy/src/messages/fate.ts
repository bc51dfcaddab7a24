import type { Random } from '@chaosproxy/faults'
import { flipBits } from './corrupt.ts'
import type { MessageRule, Track } from './message-rule.ts'

/** However many rules duplicate it. */
const MOST_COPIES = 1000

/** Waiting for others to pass, or for a time, whichever comes first. */
export interface Wait {
  readonly behind: number
  readonly withinMs: number
  readonly rule: MessageRule
}

/** What becomes of one message. */
export interface Fate {
  /** What is passed on, in order: nothing where it is lost, several where it is duplicated. */
  readonly copies: readonly Buffer[]
  readonly delayMs: number
  /** The rules by which it waits for its delay: with the last of them gone, it need not. */
  readonly delayedBy: readonly MessageRule[]
  /** It steps aside for others. */
  readonly aside?: Wait | undefined
  /** It comes again. */
  readonly again?: Wait | undefined
}

export interface FateOptions {
  readonly track: Track
  /** How many messages of the direction and connection came before. */
  readonly earlier: number
  readonly nowMs: number
  /** The connection's own stream of chance for a rule. */
  readonly random: (rule: MessageRule) => Random
}

/**
 * Puts a message before each rule in turn; undefined where none strikes, so that it goes on as it came. One that is lost
 * is put before no further rule. A later rule of a kind that a message suffers once (stepping aside, coming again) takes
 * the place of an earlier one; delays add up.
 */
export function planFate(rules: readonly MessageRule[], message: Buffer, options: FateOptions): Fate | undefined {
  let fate: Fate | undefined
  for (const rule of rules) {
    const random = () => options.random(rule)
    if (!rule.strikes(message, options.earlier, options.track, options.nowMs, random)) continue
    const next = suffer(message, fate ?? { copies: [message], delayMs: 0, delayedBy: [] }, rule, options)
    if (next === undefined) continue
    fate = next
    if (fate.copies.length === 0) break
  }
  return fate
}

/** Undefined where there was nothing to be done to it after all. */
function suffer(message: Buffer, fate: Fate, rule: MessageRule, { track, random }: FateOptions): Fate | undefined {
  const { fault } = rule.standing
  switch (fault.kind) {
    case 'drop-message':
      rule.standing.hits++
      return { ...fate, copies: [] }
    case 'duplicate-message': {
      rule.standing.hits++
      const copies = Math.min(MOST_COPIES, fate.copies.length * (1 + fault.copies))
      return {
        ...fate,
        copies: Array.from({ length: copies }, (_, i) => fate.copies[i % fate.copies.length] ?? message),
      }
    }
    case 'reorder-message':
      return { ...fate, aside: { behind: fault.behind, withinMs: fault.withinMs, rule } }
    case 'replay-message':
      return { ...fate, again: { behind: fault.behind, withinMs: fault.withinMs, rule } }
    case 'delay-message': {
      rule.standing.hits++
      const spreadMs = fault.jitterMs === 0 ? 0 : fault.jitterMs * (2 * random(rule).next() - 1)
      const delayMs = fate.delayMs + Math.max(0, fault.delayMs + spreadMs)
      return { ...fate, delayMs, delayedBy: [...fate.delayedBy, rule] }
    }
    case 'corrupt-message': {
      const { framing, direction } = track
      const [first] = fate.copies
      const flipped = first === undefined ? undefined : flipBits(first, fault.bits, framing, direction, random(rule))
      if (flipped === undefined) return undefined
      rule.standing.hits++
      return { ...fate, copies: fate.copies.map(() => flipped) }
    }
    case 'fabricate-message': {
      rule.standing.hits++
      const fabricated = track.framing.write(fault.message, track.direction)
      return { ...fate, copies: fate.copies.map(() => fabricated) }
    }
  }
}
