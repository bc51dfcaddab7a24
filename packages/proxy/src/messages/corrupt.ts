import type { Random } from '@chaosproxy/faults'
import { type Direction, type Framing, isOneMessage } from '@chaosproxy/wire'

/** Attempts to find a bit whose flip does not break the framing. */
const ATTEMPTS_PER_BIT = 100

/**
 * Flips bits of a message so that it stays one message of the same length: the framing stays intact, and only the
 * receiver can notice. Undefined if no bit could be flipped, as in an empty line.
 */
export function flipBits(
  message: Buffer,
  bits: number,
  framing: Framing,
  direction: Direction,
  random: Random,
): Buffer | undefined {
  const flipped = Buffer.from(message)
  for (let flips = 0; flips < bits; flips++) flipOne(flipped, framing, direction, random)
  return flipped.equals(message) ? undefined : flipped
}

function flipOne(message: Buffer, framing: Framing, direction: Direction, random: Random): void {
  for (let attempt = 0; attempt < ATTEMPTS_PER_BIT; attempt++) {
    const at = random.integer(message.length)
    const before = message[at] ?? 0
    message[at] = before ^ (1 << random.integer(8))
    if (isOneMessage(framing, direction, message)) return
    message[at] = before
  }
}
