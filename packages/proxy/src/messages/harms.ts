import { isUtf8 } from 'node:buffer'
import { forge, type MessageFault, type Random } from '@chaosproxy/faults'
import { type Direction, type Framing, isOneMessage } from '@chaosproxy/wire'
import type { Seat } from '../link/rule.ts'
import type { MessageRule, Track } from './message-rule.ts'

/** No message is duplicated into more than this, however many rules do it. */
const MOST_COPIES = 1000

/** Waits until a number of messages have passed or a time is over, whichever comes first. */
export interface Wait {
  readonly behind: number
  readonly withinMs: number
  readonly rule: MessageRule
}

export interface Fate {
  /** What is passed on, in order: nothing if it is lost, several copies if it is duplicated. */
  readonly copies: readonly Buffer[]
  readonly delayMs: number
  /** The rules that delay it. It waits until all of them are removed. */
  readonly delayedBy: readonly MessageRule[]
  /** The wait of a message that others overtake. */
  readonly aside?: Wait | undefined
  /** The wait before its repetition. */
  readonly again?: Wait | undefined
}

export interface Strike {
  readonly message: Buffer
  readonly rule: MessageRule
  readonly track: Track
  readonly seat: Seat
}

/** Applies one kind of fault to a message. Returns undefined if it has no effect after all. */
type MessageHarm<Kind extends MessageFault['kind']> = (
  fate: Fate,
  fault: Extract<MessageFault, { readonly kind: Kind }>,
  strike: Strike,
) => Fate | undefined

/** Every kind of message fault, and its effect. */
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
  // Receivers notice a wrong signature and drop the message, so it need not be sent: an added message is dropped, and
  // so is an altered one.
  'forge-signed-message'(fate, { fields, besides }, { message, track, rule, seat }) {
    if (forgedBytes(message, fields, track, rule.randomFor(seat)) === undefined) return undefined
    return besides ? fate : { ...fate, copies: [] }
  },
}

/** What a fault of a user's own does with a message: `instead` are the messages that are passed on in its place. */
export type MessageVerdict =
  | 'pass'
  | 'lose'
  | { readonly delayMs: number }
  | { readonly instead: readonly Uint8Array[] }

/** Adds what a kind of fault of a user's own does with each message that it meets. */
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

/** Undefined if it is not JSON, or has no member that can be changed. */
function forgedBytes(message: Buffer, fields: number, { framing, direction }: Track, random: Random) {
  const said = framing.readsJson === true ? framing.read(message) : undefined
  const forged = said === undefined ? undefined : forge(said, fields, () => random.next())
  return forged === undefined ? undefined : framing.write(forged, direction)
}

/** Attempts to find a bit whose flip does not break the framing. */
const ATTEMPTS_PER_BIT = 100

/**
 * Flips bits of a message so that it stays one message of the same length: the framing stays intact, texts stay UTF-8,
 * and only the receiver can notice. Undefined if no bit could be flipped, as in an empty line.
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

/** Tries until the message is still valid. Between binary parts, ASCII stays ASCII. */
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
