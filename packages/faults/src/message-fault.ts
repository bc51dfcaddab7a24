import type { Json, Millis } from '@chaos/history'
import type { Link } from './fault.ts'

/** What can happen to a single message of a connection whose bytes are framed: JSON lines, RESP, length prefixes. */
export type MessageHarm =
  | { readonly kind: 'drop-message' }
  /** So many more of it follow at once. */
  | { readonly kind: 'duplicate-message'; readonly copies: number }
  /** It lets this many others pass, or waits this long where they do not come. */
  | { readonly kind: 'reorder-message'; readonly behind: number; readonly withinMs: Millis }
  /** It comes once more, after so many others, or this much later where they do not come. */
  | { readonly kind: 'replay-message'; readonly behind: number; readonly withinMs: Millis }
  /** It comes later, by the delay give or take the jitter; what follows it waits, so that the order stays. */
  | { readonly kind: 'delay-message'; readonly delayMs: Millis; readonly jitterMs: Millis }
  /** Single bits of it are flipped, so that it is still a message of its framing. */
  | { readonly kind: 'corrupt-message'; readonly bits: number }
  /** Another one takes its place. */
  | { readonly kind: 'fabricate-message'; readonly message: Json }

/** Which messages, by what they say; all that is given must hold. */
export interface MessageMatch {
  /** Its bytes contain this text. */
  readonly contains?: string | undefined
  /** It has this member, dots leading inwards: `entry.term`. In JSON lines. */
  readonly member?: string | undefined
  /** The member has this value. */
  readonly equals?: Json | undefined
  /** It is this command, in any case: `SET`. In requests of RESP. */
  readonly command?: string | undefined
  /** It is a command for this key. */
  readonly key?: string | undefined
}

/** Which of the messages that match. They are counted from 1 on each link, from when the fault was applied. */
export interface MessageTrigger {
  /** Of each message; drawn from a stream of chance of the fault, the link and the connection. */
  readonly probability?: number | undefined
  readonly nth?: number | undefined
  readonly first?: number | undefined
  readonly every?: number | undefined
  /** Only after so many messages of this direction of the connection, such as greetings. */
  readonly afterMessages?: number | undefined
  /** From, and until, so long after the fault was applied. */
  readonly fromMs?: Millis | undefined
  readonly untilMs?: Millis | undefined
}

export type MessageFault = MessageHarm & {
  readonly links: readonly Link[]
  readonly match?: MessageMatch | undefined
  readonly when?: MessageTrigger | undefined
}
