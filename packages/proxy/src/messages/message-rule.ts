import { type MessageFault, type Random, Trigger } from '@chaosproxy/faults'
import type { Direction, Framing } from '@chaosproxy/wire'
import type { Standing } from '../link/rule-list.ts'
import { compileMatch } from './match.ts'

/**
 * The framing and direction of a link on one route. A link may be dialled from both ends, and then carries requests on
 * one route and responses on another.
 */
export interface Track {
  readonly framing: Framing
  readonly direction: Direction
}

/** A fault on one link, with its counts over all connections of the link. */
export class MessageRule {
  readonly standing: Standing<MessageFault>
  readonly #random: Random
  readonly #predicates: Map<Framing, { [direction in Direction]?: (message: Buffer) => boolean }> = new Map()
  readonly #trigger: Trigger

  constructor(standing: Standing<MessageFault>, random: Random) {
    this.standing = standing
    this.#random = random
    this.#trigger = new Trigger(standing.fault.when)
  }

  /** The independent random stream of the connection with this number. */
  randomFor(connection: number): Random {
    return this.#random.fork(String(connection))
  }

  /**
   * Whether the fault hits this message, which follows `earlier` others in its direction and connection. Call it once
   * for each message, because a call counts.
   */
  strikes(message: Buffer, earlier: number, track: Track, nowMs: number, random: () => Random): boolean {
    if (!this.#matches(message, track)) return false
    return this.#trigger.strikes(nowMs - this.standing.appliedAtMs, () => random().next(), earlier)
  }

  /**
   * Counts a compressed message as a miss if the fault may select it: it can only be delayed. Returns whether it was
   * counted.
   */
  missesCompressed(): boolean {
    const { fault } = this.standing
    if (fault.kind === 'delay-message' && fault.match === undefined) return false
    this.standing.missed++
    return true
  }

  #matches(message: Buffer, { framing, direction }: Track): boolean {
    const { match } = this.standing.fault
    if (match === undefined) return true
    let predicates = this.#predicates.get(framing)
    if (predicates === undefined) {
      predicates = {}
      this.#predicates.set(framing, predicates)
    }
    predicates[direction] ??= predicateFor(match, framing, direction)
    return predicates[direction](message)
  }
}

/** On a track whose messages have no such part, nothing matches. */
function predicateFor(
  match: NonNullable<MessageFault['match']>,
  framing: Framing,
  direction: Direction,
): (message: Buffer) => boolean {
  try {
    return compileMatch(match, framing, direction)
  } catch {
    return () => false
  }
}
