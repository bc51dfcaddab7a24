import { isCounted, isTimely, type MessageFault, type Random } from '@chaosproxy/faults'
import type { Direction, Framing } from '../framing/framing.ts'
import { compileMatch } from './match.ts'

/** A fault in force, over all its links. */
export interface Standing {
  readonly fault: MessageFault
  readonly appliedAtMs: number
  hits: number
}

/**
 * How the messages of a link are told apart: a link may be dialled from both ends, and be requests here, responses
 * there.
 */
export interface Track {
  readonly framing: Framing
  readonly direction: Direction
}

/** A fault on one link: which of its messages it is for. What it counts, it counts over all connections of the link. */
export class MessageRule {
  readonly standing: Standing
  readonly #random: Random
  readonly #predicates: Map<Framing, { [direction in Direction]?: (message: Buffer) => boolean }> = new Map()
  #matched = 0

  constructor(standing: Standing, random: Random) {
    this.standing = standing
    this.#random = random
  }

  /** For the connection of this number: a stream of chance that no other shifts. */
  randomFor(connection: number): Random {
    return this.#random.fork(String(connection))
  }

  /**
   * Whether the fault hits this message, which comes after so many others of its direction and connection. To be asked
   * once for each message, since it counts.
   */
  strikes(message: Buffer, earlier: number, track: Track, nowMs: number, random: () => Random): boolean {
    const { fault, appliedAtMs } = this.standing
    const { when } = fault
    if (when === undefined) return this.#matches(message, track)
    if (!isTimely(when, nowMs - appliedAtMs) || earlier < (when.afterMessages ?? 0)) return false
    if (!this.#matches(message, track)) return false
    this.#matched++
    if (!isCounted(when, this.#matched)) return false
    return when.probability === undefined || random().chance(when.probability)
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

/** A link may also be carried by connections whose messages have nothing to match; there, none does. */
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
