import { isUtf8 } from 'node:buffer'
import { forge, type MessageFault, type Random } from '@chaosproxy/faults'
import { type Direction, type Framing, isOneMessage } from '@chaosproxy/wire'
import type { Seat } from '../link/rule.ts'
import type { MessageRule, Track } from './message-rule.ts'

/** The most copies of a message, however many rules duplicate it. */
const MOST_COPIES = 1000

export interface Wait {
  readonly behind: number
  readonly withinMs: number
  readonly rule: MessageRule
}

export interface Fate {
  readonly copies: readonly Buffer[]
  readonly delayMs: number
  /** The rules that delay the message. The delay ends early if all of them are removed. */
  readonly delayedBy: readonly MessageRule[]
  readonly aside?: Wait | undefined
  readonly again?: Wait | undefined
}

export interface Strike {
  readonly message: Buffer
  readonly rule: MessageRule
  readonly track: Track
  readonly seat: Seat
}

/** Applies one kind of fault to a message; undefined if it has no effect. */
type MessageHarm<Kind extends MessageFault['kind']> = (
  fate: Fate,
  fault: Extract<MessageFault, { readonly kind: Kind }>,
  strike: Strike,
) => Fate | undefined

export const messageHarms: { readonly [Kind in MessageFault['kind']]: MessageHarm<Kind> } = {
  'drop-message': (fate) => ({ ...fate, copies: [] }),
  'duplicate-message'(fate, { copies }, { message }) {
    const length = Math.min(MOST_COPIES, fate.copies.length * (1 + copies))
    return { ...fate, copies: Array.from({ length }, (_, i) => fate.copies[i % fate.copies.length] ?? message) }
  },
  'reorder-message': (fate, { behind, withinMs }, { rule }) => ({ ...fate, aside: { behind, withinMs, rule } }),
  'replay-message': (fate, { behind, withinMs }, { rule }) => ({ ...fate, again: { behind, withinMs, rule } }),
  'delay-message': (fate, fault, { rule, seat }) => ({
    ...fate,
    delayMs: fate.delayMs + rule.drawDelayMs(fault, seat),
    delayedBy: [...fate.delayedBy, rule],
  }),
  'corrupt-message'(fate, { bits }, { track, rule, seat }) {
    const [first] = fate.copies
    const flipped =
      first === undefined ? undefined : flipBits(first, bits, track.framing, track.direction, rule.randomFor(seat))
    if (flipped === undefined) return undefined
    return { ...fate, copies: fate.copies.map(() => flipped) }
  },
  'fabricate-message'(fate, { message }, { track }) {
    const fabricated = track.framing.write(message, track.direction)
    return { ...fate, copies: fate.copies.map(() => fabricated) }
  },
  'forge-message'(fate, { fields, besides }, { message, track, rule, seat }) {
    const forged = forgedBytes(message, fields, track, rule.randomFor(seat))
    if (forged === undefined) return undefined
    return { ...fate, copies: besides ? [...fate.copies, forged] : fate.copies.map(() => forged) }
  },
  // Receivers drop a message with a wrong signature. Therefore the forged message is never sent. If `besides` is true,
  // the original message is sent. Otherwise nothing is sent.
  'forge-signed-message'(fate, { fields, besides }, { message, track, rule, seat }) {
    if (forgedBytes(message, fields, track, rule.randomFor(seat)) === undefined) return undefined
    return besides ? fate : { ...fate, copies: [] }
  },
}

/** What a user-defined fault does with a message. The messages in `instead` are passed on in its place. */
export type MessageVerdict =
  | 'pass'
  | 'lose'
  | { readonly delayMs: number }
  | { readonly instead: readonly Uint8Array[] }

/** Registers what a user-defined kind of fault does with each message that it meets. */
export function addMessageHarm<Harm>(
  kind: string,
  meet: (harm: Harm, message: Buffer, random: Random) => MessageVerdict,
): void {
  const open: { [kind: string]: unknown } = messageHarms
  open[kind] = (fate: Fate, harm: Harm, { message, rule, seat }: Strike): Fate | undefined => {
    const verdict = meet(harm, message, rule.randomFor(seat))
    if (verdict === 'pass') return undefined
    if (verdict === 'lose') return { ...fate, copies: [] }
    if ('instead' in verdict) return { ...fate, copies: verdict.instead.map((bytes) => Buffer.from(bytes)) }
    return { ...fate, delayMs: fate.delayMs + verdict.delayMs, delayedBy: [...fate.delayedBy, rule] }
  }
}

/** Returns a forged message, if the message has a JSON member that can be changed. */
function forgedBytes(message: Buffer, fields: number, { framing, direction }: Track, random: Random) {
  const parsed = framing.readsJson === true ? framing.read(message) : undefined
  const forged = parsed === undefined ? undefined : forge(parsed, fields, () => random.next())
  return forged === undefined ? undefined : framing.write(forged, direction)
}

/**
 * For each flip, at most this many random bits are tried. A bit is rejected if flipping it makes the message invalid.
 */
const ATTEMPTS_PER_BIT = 100

/**
 * Flips bits so that the message stays one message of the same length, and text stays UTF-8: only the receiver can
 * detect the change.
 */
export function flipBits(
  message: Buffer,
  bits: number,
  framing: Framing,
  direction: Direction,
  random: Random,
): Buffer | undefined {
  const flipped = Buffer.from(message)
  const textOf = (bytes: Buffer) => framing.plain?.(bytes) ?? bytes
  const wasText = isUtf8(textOf(message))
  const isSame = () => isOneMessage(framing, direction, flipped) && (!wasText || isUtf8(textOf(flipped)))
  for (let flips = 0; flips < bits; flips++) flipOne(flipped, isSame, random)
  return flipped.equals(message) ? undefined : flipped
}

/** Flips one bit so that the message stays valid. */
function flipOne(message: Buffer, isValid: () => boolean, random: Random): void {
  for (let attempt = 0; attempt < ATTEMPTS_PER_BIT; attempt++) {
    const at = random.integer(message.length)
    const before = message[at] ?? 0
    const bit = 1 << random.integer(8)
    if (bit === 0x80 && before < 0x80) continue
    message[at] = before ^ bit
    if (isValid()) return
    message[at] = before
  }
}
