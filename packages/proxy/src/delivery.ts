import type { CutMode, Random } from '@chaos/faults'
import type { StandingFault } from './link-fault.ts'

// What faults do to bytes, as a pure function from a chunk to its delivery. The pump carries deliveries out.

/** All the faults of one link, taken together. */
export interface Rules {
  readonly cut: 'none' | CutMode
  /** Stacked: a chunk waits for the sum of one draw from each. */
  readonly delays: readonly { readonly latencyMs: number; readonly jitterMs: number }[]
  /** Of each connection on the link; Infinity where nothing limits it, 0 where nothing passes. */
  readonly bytesPerSecond: number
}

export const noRules: Rules = { cut: 'none', delays: [], bytesPerSecond: Number.POSITIVE_INFINITY }

/** Bytes (or, with size 0, the end of the stream) that arrived together and have not been delivered yet. */
export interface Chunk {
  readonly sizeBytes: number
  readonly arrivedAtMs: number
  /** What `drawDelayMs` gave for this chunk. */
  readonly delayMs: number
}

export type Delivery =
  /** Nothing passes before the rules change. */
  | { readonly kind: 'hold' }
  /** The chunk is lost, and with it the right of the connection to go on. */
  | { readonly kind: 'drop' }
  /** The first `sizeBytes` of the chunk are due at `atMs`; the link is then busy with this flow until `freeAtMs`. */
  | { readonly kind: 'deliver'; readonly sizeBytes: number; readonly atMs: number; readonly freeAtMs: number }

/** A limited flow moves in pieces of this duration, so that the rate is right in any window much longer than it. */
const QUANTUM_MS = 10

/** After a stall (of the receiver, or of this process) a limited flow may make up for this much of it, not all. */
const CATCH_UP_MS = 100

const HOLD: Delivery = { kind: 'hold' }
const DROP: Delivery = { kind: 'drop' }

/** Cuts win over everything, a drop over a hold; delays add up; of several limits in a row the narrowest counts. */
export function combineFaults(faults: readonly StandingFault[]): Rules {
  let cut: Rules['cut'] = 'none'
  let bytesPerSecond = Number.POSITIVE_INFINITY
  const delays: { latencyMs: number; jitterMs: number }[] = []
  for (const fault of faults)
    switch (fault.kind) {
      case 'partition':
        if (cut !== 'drop') cut = fault.mode
        break
      case 'blackhole':
        cut = 'drop'
        break
      case 'latency':
        delays.push({ latencyMs: fault.latencyMs, jitterMs: fault.jitterMs })
        break
      case 'bandwidth':
        bytesPerSecond = Math.min(bytesPerSecond, fault.bytesPerSecond)
        break
      default:
        fault satisfies never
    }
  return { cut, delays, bytesPerSecond }
}

/** How long a chunk stays on the way: each latency plus or minus its jitter (uniform), never less than 0, summed. */
export function drawDelayMs(rules: Rules, random: () => Random): number {
  let sum = 0
  for (const { latencyMs, jitterMs } of rules.delays) {
    const offsetMs = jitterMs > 0 ? (random().next() * 2 - 1) * jitterMs : 0
    sum += Math.max(0, latencyMs + offsetMs)
  }
  return sum
}

/**
 * What becomes of the chunk at the head of a flow's queue. Chunks are planned only once they are at the head, which
 * keeps their order whatever the jitter, and lets a change of the rules apply to everything that still waits.
 */
export function planDelivery(rules: Rules, chunk: Chunk, freeAtMs: number, nowMs: number): Delivery {
  if (rules.cut !== 'none') return rules.cut === 'drop' ? DROP : HOLD
  const { bytesPerSecond } = rules
  if (bytesPerSecond === 0) return HOLD
  if (bytesPerSecond === Number.POSITIVE_INFINITY || chunk.sizeBytes === 0) {
    // An end waits for the last byte to have left, which a limited flow's `freeAtMs` says.
    const leavesAtMs = Math.max(chunk.arrivedAtMs, freeAtMs)
    return { kind: 'deliver', sizeBytes: chunk.sizeBytes, atMs: leavesAtMs + chunk.delayMs, freeAtMs }
  }
  const sizeBytes = Math.min(chunk.sizeBytes, Math.max(1, Math.floor((bytesPerSecond * QUANTUM_MS) / 1000)))
  const durationMs = (sizeBytes * 1000) / bytesPerSecond
  // Twice the piece's own duration: a piece longer than the catch-up must not be put off anew each time it is due.
  const earliestMs = nowMs - chunk.delayMs - Math.max(CATCH_UP_MS, 2 * durationMs)
  const leavesAtMs = Math.max(chunk.arrivedAtMs, freeAtMs, earliestMs) + durationMs
  return { kind: 'deliver', sizeBytes, atMs: leavesAtMs + chunk.delayMs, freeAtMs: leavesAtMs }
}

const KIB = 1024
const MIB = 1024 * KIB

/** What a loopback connection can bring in a millisecond, generously. */
const FASTEST_BYTES_PER_MS = 2 * MIB

/**
 * How much of one direction of one connection may wait in the proxy before it stops reading, so that the sender's own
 * buffers fill up as they would on a real network. A delayed flow needs bandwidth × delay to keep its speed.
 */
export function queueLimitBytes(rules: Rules): number {
  let longestDelayMs = 0
  for (const { latencyMs, jitterMs } of rules.delays) longestDelayMs += latencyMs + jitterMs
  const fastest = Math.min(FASTEST_BYTES_PER_MS, rules.bytesPerSecond / 1000)
  return Math.min(96 * MIB, 256 * KIB + fastest * longestDelayMs)
}
