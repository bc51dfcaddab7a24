import type { Millis } from '@chaos/history'
import type { CutMode, Link } from './fault.ts'

/** How latencies spread around their mean. Uniform: evenly, by the jitter to both sides; normal: the jitter is its standard deviation; Pareto: a long tail above the latency, the jitter its scale. */
export type LatencyDistribution = 'uniform' | 'normal' | 'pareto'

/** What can happen to the bytes and connections of a TCP link, one direction at a time. Toxiproxy's toxics are a subset. */
export type LinkHarm =
  /** Nothing passes. Held bytes go on at heal; dropped ones cost the connection its life at heal. */
  | { readonly kind: 'partition'; readonly mode: CutMode }
  /** A partition that drops. */
  | { readonly kind: 'blackhole' }
  /** Bytes are late. An end is not, but comes after the bytes before it: what delays ends is `slow-close`. */
  | {
      readonly kind: 'latency'
      readonly latencyMs: Millis
      readonly jitterMs: Millis
      /** By default uniform. */
      readonly distribution?: LatencyDistribution | undefined
    }
  /** Of each connection or, where shared, of all connections of the link together. 0 lets nothing pass. */
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number; readonly shared?: boolean | undefined }
  /** Every live connection is reset, once; nothing remains to be healed. */
  | { readonly kind: 'reset' }
  /** A connection is reset this long after its first bytes (or its end) came; what it carried is lost. */
  | { readonly kind: 'reset-peer'; readonly afterMs: Millis }
  /** All bytes are lost; the connection is closed once none came for this long, or, with 0, when the fault is removed. */
  | { readonly kind: 'timeout'; readonly afterMs: Millis }
  /** The sender's end, or reset, is not passed on: the receiver goes on believing in a peer that is gone. */
  | { readonly kind: 'half-open' }
  /** The sender's end is passed on this much later. */
  | { readonly kind: 'slow-close'; readonly delayMs: Millis }
  /** The server is dialled this much later, for connections along the link; what the client sends meanwhile waits. */
  | { readonly kind: 'slow-connect'; readonly delayMs: Millis }
  /**
   * New connections along the link are accepted and reset at once: a listener that was closed in earnest might find its
   * port taken when it heals, and could not tell one client from another.
   */
  | { readonly kind: 'refuse' }
  /** Bytes arrive in pieces of about this size, with a pause after each. */
  | {
      readonly kind: 'slice'
      readonly averageBytes: number
      readonly variationBytes: number
      readonly pauseMs: Millis
    }
  /** The connection is closed in good order after so many bytes of this direction. */
  | { readonly kind: 'limit-bytes'; readonly bytes: number }
  /** The connection is closed in good order at this age. */
  | { readonly kind: 'limit-time'; readonly afterMs: Millis }
  /** One bit of a byte is flipped, each byte with this probability. */
  | { readonly kind: 'corrupt'; readonly probability: number }

/** Which connections of its links a fault hits, and when. Absent members do not restrict. */
export interface LinkTrigger {
  /** Of each connection (and direction) to be hit at all; drawn once, from the connection's own stream of chance. */
  readonly probability?: number | undefined
  /** Connections are counted from 1, from when the fault was applied; those alive at that moment come first. */
  readonly nth?: number | undefined
  readonly first?: number | undefined
  readonly every?: number | undefined
  /** Only what comes after so many bytes of this direction of the connection. */
  readonly afterBytes?: number | undefined
  /** From, and until, so long after the fault was applied. */
  readonly fromMs?: Millis | undefined
  readonly untilMs?: Millis | undefined
  /** Only clients of this address or network: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`; others are not counted either. */
  readonly client?: string | undefined
}

export type LinkFault = LinkHarm & { readonly links: readonly Link[]; readonly when?: LinkTrigger | undefined }
