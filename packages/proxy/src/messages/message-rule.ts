import type { MessageFault } from '@chaosproxy/faults'
import type { Direction, Framing } from '@chaosproxy/wire'
import { Rule, type Seat } from '../link/rule.ts'
import { compileMatch } from './match.ts'

/**
 * The framing and direction of a link on one route. A link may be dialled from both ends, and then carries requests on
 * one route and responses on another.
 */
export interface Track {
  readonly framing: Framing
  readonly direction: Direction
}

export class MessageRule extends Rule<MessageFault> {
  readonly #predicates: Map<Framing, { [direction in Direction]?: (message: Buffer) => boolean }> = new Map()

  /**
   * Whether the fault chooses this message, which follows `earlier` other messages in its direction and connection.
   * Call it once for each message, because each call counts.
   */
  strikes(message: Buffer, track: Track, seat: Seat, nowMs: number, earlier: number): boolean {
    return this.#matches(message, track) && this.chooses(seat, nowMs, earlier)
  }

  /**
   * Counts a compressed message as a miss, unless the fault delays every message: a compressed message can only be
   * delayed. Returns whether the message was counted.
   */
  missesCompressed(): boolean {
    if (this.fault.kind === 'delay-message' && this.fault.match === undefined) return false
    this.miss(COMPRESSED)
    return true
  }

  #matches(message: Buffer, { framing, direction }: Track): boolean {
    const { match } = this.fault
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

const COMPRESSED = 'the connection agreed on compression before a fault was in force: connect again'

/**
 * Returns the match as a predicate on messages. If messages of this framing and direction have no such part, no message
 * matches.
 */
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
