import type { StageOf } from './stage.ts'

export const partition: StageOf<'partition'> = ({ harm }) => ({
  countsArriving: 'everything',
  get cut() {
    return harm().mode
  },
})

export const blackhole: StageOf<'blackhole'> = () => ({ countsArriving: 'everything', cut: 'drop' })

export const timeout: StageOf<'timeout'> = ({ harm }) => {
  /** The time of the last discarded bytes. If no bytes were discarded, the time when the stage began. */
  let sinceMs: number | undefined
  return {
    countsArriving: 'everything',
    fate: (content) => (content === 'bytes' ? 'discard' : 'hold'),
    discarded(nowMs) {
      sinceMs = nowMs
    },
    alarm(nowMs) {
      sinceMs ??= nowMs
      const { afterMs } = harm()
      return afterMs === 0 ? undefined : { atMs: sinceMs + afterMs, ending: 'close' }
    },
    atRemoval: 'close',
  }
}

export const resetPeer: StageOf<'reset-peer'> = ({ harm }) => {
  let metAtMs: number | undefined
  return {
    countsArriving: 'nothing',
    fate: () => 'discard',
    discarded(nowMs) {
      metAtMs ??= nowMs
    },
    alarm: () => (metAtMs === undefined ? undefined : { atMs: metAtMs + harm().afterMs, ending: 'reset' }),
  }
}

export const halfOpen: StageOf<'half-open'> = () => ({
  countsArriving: 'ends',
  fate: (content) => (content === 'bytes' ? 'pass' : 'hold'),
})

export const limitBytes: StageOf<'limit-bytes'> = ({ harm }) => {
  let passedBytes = 0
  return {
    countsArriving: 'nothing',
    fate: (content) => (content === 'bytes' && passedBytes >= harm().bytes ? 'close' : 'pass'),
    portionBytes: (sizeBytes) => Math.min(sizeBytes, harm().bytes - passedBytes),
    moved({ sizeBytes }) {
      passedBytes += sizeBytes
      return sizeBytes > 0 && passedBytes >= harm().bytes ? 'close' : undefined
    },
  }
}

export const limitTime: StageOf<'limit-time'> = ({ harm, acceptedAtMs }) => ({
  countsArriving: 'nothing',
  alarm: () => ({ atMs: acceptedAtMs + harm().afterMs, ending: 'close' }),
})

export const corrupt: StageOf<'corrupt'> = ({ harm, random, hit }) => {
  let drawnOf: unknown
  let toNextBytes = 0
  return {
    countsArriving: 'nothing',
    transform(bytes) {
      const { probability } = harm()
      if (drawnOf !== harm()) {
        drawnOf = harm()
        toNextBytes = drawGapBytes(probability)
      }
      if (toNextBytes >= bytes.length) {
        toNextBytes -= bytes.length
        return bytes
      }
      const corrupted = Buffer.from(bytes)
      let position = toNextBytes
      for (; position < corrupted.length; position += 1 + drawGapBytes(probability)) {
        corrupted[position] = (corrupted[position] ?? 0) ^ (1 << random().integer(8))
        hit()
      }
      toNextBytes = position - corrupted.length
      return corrupted
    },
  }

  /**
   * Draws the number of bytes that stay intact before the next corrupted byte. The number is geometrically distributed,
   * so that one draw covers all these bytes.
   */
  function drawGapBytes(probability: number): number {
    if (probability === 0) return Number.POSITIVE_INFINITY
    if (probability === 1) return 0
    return Math.floor(Math.log(1 - random().next()) / Math.log1p(-probability))
  }
}

export const slowConnect: StageOf<'slow-connect'> = ({ harm }) => ({
  countsArriving: 'nothing',
  get dialDelayMs() {
    return harm().delayMs
  },
})

export const refuse: StageOf<'refuse'> = () => ({ countsArriving: 'nothing', refuses: true })
