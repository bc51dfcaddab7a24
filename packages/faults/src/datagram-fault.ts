import type { Millis } from '@chaos/history'
import type { Link } from './fault.ts'

/** What can happen to a single datagram of a UDP link. Partitions and blackholes of the link lose it as well. */
export type DatagramHarm =
  | { readonly kind: 'drop-datagram' }
  /** So many more of it follow at once. */
  | { readonly kind: 'duplicate-datagram'; readonly copies: number }
  /** It lets this many others pass, or waits this long where they do not come. */
  | { readonly kind: 'reorder-datagram'; readonly behind: number; readonly withinMs: Millis }
  /** It comes later, give or take the jitter, which is drawn for each: a jitter reorders. */
  | { readonly kind: 'delay-datagram'; readonly delayMs: Millis; readonly jitterMs: Millis }
  /** So many of its bits are flipped. */
  | { readonly kind: 'corrupt-datagram'; readonly bits: number }

/** Which datagrams. They are counted from 1 on each link, from when the fault was applied. */
export interface DatagramTrigger {
  /** Of each datagram; drawn from a stream of chance of the fault and the link. */
  readonly probability?: number | undefined
  readonly nth?: number | undefined
  readonly first?: number | undefined
  readonly every?: number | undefined
  /** From, and until, so long after the fault was applied. */
  readonly fromMs?: Millis | undefined
  readonly untilMs?: Millis | undefined
  /** Only of (or to) clients of this address or network. */
  readonly client?: string | undefined
}

export type DatagramFault = DatagramHarm & {
  readonly links: readonly Link[]
  readonly when?: DatagramTrigger | undefined
}
