import type { MessageFault } from '@chaosproxy/faults'
import { foundOrMade } from '@chaosproxy/history'
import type { Direction, Framing } from '@chaosproxy/wire'
import { Rule, type Seat } from '../link/rule.ts'
import { compileMatch } from './match.ts'

export interface Track {
  readonly framing: Framing
  readonly direction: Direction
}

export class MessageRule extends Rule<MessageFault> {
  readonly #predicates: Map<Framing, { [direction in Direction]?: (message: Buffer) => boolean }> = new Map()

  /** Whether the fault chooses this message. Call it once for each message, because each call counts. */
  strikes(message: Buffer, track: Track, seat: Seat, nowMs: number, earlier: number): boolean {
    return this.#matches(message, track) && this.chooses(seat, nowMs, earlier)
  }

  /**
   * On a compressed message, only a `delay-message` fault without `match` can act. For every other fault, counts a
   * missed message and returns true.
   */
  missesCompressed(): boolean {
    if (this.fault.kind === 'delay-message' && this.fault.match === undefined) return false
    this.miss(COMPRESSED)
    return true
  }

  #matches(message: Buffer, { framing, direction }: Track): boolean {
    const { match } = this.fault
    if (match === undefined) return true
    const predicates = foundOrMade(this.#predicates, framing, () => ({}))
    predicates[direction] ??= predicateFor(match, framing, direction)
    return predicates[direction](message)
  }
}

const COMPRESSED = 'the connection agreed on compression before a fault was in force: connect again'

/** Returns the match as a predicate. If the messages cannot have the matched part, no message matches. */
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
