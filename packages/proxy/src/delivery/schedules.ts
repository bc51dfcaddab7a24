import type { Random, TcpHarm } from '@chaosproxy/faults'
import type { Chunk, Piece, StageOf } from './stage.ts'

// Stages that delay bytes or spread them over time.

/** A limited flow is sent in pieces of this duration. Its rate is right only over a much longer time. */
const QUANTUM_MS = 10

/** After a stall, a limited flow makes up for at most this much of the lost time. */
const CATCH_UP_MS = 100

/** Delays bytes but not ends of streams, as in Toxiproxy. `slow-close` delays ends. */
export const latency: StageOf<'latency'> = ({ harm, random }) => {
  let drawnFor: Chunk | undefined
  let drawnOf: unknown
  let drawnMs: number
  return {
    countsArriving: 'bytes',
    delayMs(chunk, content) {
      if (content !== 'bytes') return 0
      const parameters = harm()
      if (chunk !== drawnFor || parameters !== drawnOf) {
        drawnFor = chunk
        drawnOf = parameters
        drawnMs = drawLatencyMs(parameters, random)
      }
      return drawnMs
    },
    get longestDelayMs() {
      const { latencyMs, jitterMs, distribution = 'uniform' } = harm()
      return latencyMs + jitterMs * JITTERS_COVERED[distribution]
    },
  }
}

/** Nearly all latencies are within this many jitters of `latencyMs`. With the Pareto distribution, 99.9% are. */
const JITTERS_COVERED = { uniform: 1, normal: 3, pareto: 9 }

/** The shape of the Lomax distribution: its mean is half the scale, and its variance is finite. */
const PARETO_SHAPE = 3

/** Draws one latency, never below 0. */
export function drawLatencyMs(
  { latencyMs, jitterMs, distribution = 'uniform' }: Extract<TcpHarm, { kind: 'latency' }>,
  random: () => Random,
): number {
  if (jitterMs === 0) return latencyMs
  switch (distribution) {
    case 'uniform':
      return Math.max(0, latencyMs + (random().next() * 2 - 1) * jitterMs)
    case 'normal':
      return Math.max(0, latencyMs + drawNormal(random()) * jitterMs)
    case 'pareto':
      return latencyMs + ((1 - random().next()) ** (-1 / PARETO_SHAPE) - 1) * jitterMs
  }
}

/** Draws from the normal distribution by Box & Muller 1958, using one number of the pair. */
function drawNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()))
  return radius * Math.cos(2 * Math.PI * random.next())
}

export const bandwidth: StageOf<'bandwidth'> = ({ harm, shared }) => {
  const own = { freeAtMs: 0 }
  let leavesAtMs: number
  /** A slot in the shared timetable. It is reserved when a piece is planned, so that connections take turns. */
  let slot: { readonly of: unknown; readonly chunk: Chunk; readonly sizeBytes: number } | undefined

  const isReserved = (chunk: Chunk) => slot !== undefined && slot.chunk === chunk && slot.of === harm()
  return {
    countsArriving: 'everything',
    get bytesPerSecond() {
      return harm().bytesPerSecond
    },
    fate: () => (harm().bytesPerSecond === 0 ? 'hold' : 'pass'),
    portionBytes(sizeBytes, chunk) {
      if (slot !== undefined && isReserved(chunk)) return Math.min(sizeBytes, slot.sizeBytes)
      return Math.min(sizeBytes, Math.max(1, Math.floor((harm().bytesPerSecond * QUANTUM_MS) / 1000)))
    },
    leavesAtMs({ chunk, content, sizeBytes }, atMs, earliestMs) {
      const { bytesPerSecond, shared: isShared = false } = harm()
      // The end of the stream waits until the last byte has left.
      if (content !== 'bytes') return Math.max(atMs, own.freeAtMs)
      if (isReserved(chunk)) return leavesAtMs
      const durationMs = (sizeBytes * 1000) / bytesPerSecond
      const timetable = isShared ? shared : own
      // After a stall, the beginning of the piece may be dated back to CATCH_UP_MS before `earliestMs`. For a long
      // piece, the limit is twice its duration. Otherwise, a long piece would be postponed each time it is due.
      const notBeforeMs = earliestMs - Math.max(CATCH_UP_MS, 2 * durationMs)
      leavesAtMs = Math.max(atMs, timetable.freeAtMs, notBeforeMs) + durationMs
      if (isShared) {
        slot = { of: harm(), chunk, sizeBytes }
        shared.freeAtMs = leavesAtMs
      }
      return leavesAtMs
    },
    moved({ content }) {
      if (content === 'bytes') own.freeAtMs = leavesAtMs
      slot = undefined
      return undefined
    },
  }
}

/** The payload of a packet on Ethernet: 1,500 bytes less the headers of IP and TCP with timestamps. */
const PACKET_BYTES = 1_448

/**
 * A lost packet followed by this many packets is retransmitted immediately, because the receiver asks for it (RFC 5681
 * §3.2).
 */
const FOLLOWERS = 3

/** The largest number of successive losses of a packet. After more losses, TCP would give up the connection. */
const MOST_LOSSES = 7

/**
 * Delays bytes until all lost packets before them are retransmitted: `retransmitMs` after a first loss, and twice as
 * long after each further loss (RFC 6298 §5.5).
 */
export const packetLoss: StageOf<'packet-loss'> = ({ harm, random, hit }) => {
  let freeAtMs = 0
  let leavesAtMs: number
  let drawnFor: Chunk | undefined
  let lost: number
  let waitMs: number

  function draw(sizeBytes: number): void {
    const { probability, retransmitMs } = harm()
    // The end of a stream, which has no bytes, is a packet too.
    const packets = Math.max(1, Math.ceil(sizeBytes / PACKET_BYTES))
    lost = 0
    waitMs = 0
    for (let behind = packets - 1; behind >= 0; behind--) {
      let losses = 0
      while (losses < MOST_LOSSES && random().chance(probability)) losses++
      lost += losses
      const timeouts = behind >= FOLLOWERS ? Math.max(0, losses - 1) : losses
      waitMs = Math.max(waitMs, retransmitMs * (2 ** timeouts - 1))
    }
  }

  return {
    countsArriving: 'nothing',
    leavesAtMs({ chunk, sizeBytes }, atMs) {
      if (chunk !== drawnFor) {
        drawnFor = chunk
        draw(sizeBytes)
      }
      leavesAtMs = Math.max(atMs + waitMs, freeAtMs)
      return leavesAtMs
    },
    moved() {
      freeAtMs = leavesAtMs
      hit(lost)
      lost = 0
      return undefined
    },
    get longestDelayMs() {
      // The delay after two successive losses. At the default probability, 99.9% of the packets wait no longer.
      return harm().retransmitMs * 3
    },
  }
}

export const slice: StageOf<'slice'> = ({ harm, random, hit }) => {
  let freeAtMs = 0
  let leavesAtMs: number
  let leftBytes = 0
  return {
    countsArriving: 'nothing',
    alone: true,
    portionBytes(sizeBytes) {
      if (leftBytes === 0) leftBytes = drawPieceBytes(sizeBytes)
      return Math.min(sizeBytes, leftBytes)
    },
    leavesAtMs(_, atMs) {
      leavesAtMs = Math.max(atMs, freeAtMs)
      return leavesAtMs
    },
    moved({ content, sizeBytes }, last) {
      if (content !== 'bytes') return undefined
      leftBytes = last ? 0 : leftBytes - sizeBytes
      if (leftBytes > 0) return undefined
      freeAtMs = leavesAtMs + harm().pauseMs
      hit()
      return undefined
    },
  }

  /**
   * Draws how many of the waiting bytes form the next piece. If at most `averageBytes` + `variationBytes` bytes are
   * waiting, all of them form one piece.
   */
  function drawPieceBytes(waitingBytes: number): number {
    const { averageBytes, variationBytes } = harm()
    if (waitingBytes <= averageBytes + variationBytes) return waitingBytes
    if (variationBytes === 0) return averageBytes
    return Math.max(1, averageBytes - variationBytes + random().integer(2 * variationBytes + 1))
  }
}

export const slowClose: StageOf<'slow-close'> = ({ harm }) => ({
  countsArriving: 'ends',
  leavesAtMs: ({ content }: Piece, atMs) => (content === 'bytes' ? atMs : atMs + harm().delayMs),
})
