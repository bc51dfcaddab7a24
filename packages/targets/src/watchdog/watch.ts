import { type Progress, type Reading, readProgress } from './progress.ts'

/** The problem of a user's function: it does not return, or it exhausts memory. */
export type Ill = 'hanging' | 'memory'

export interface WatchLimits {
  /**
   * The number of looks that may find the same call, which should take microseconds. Looks are counted rather than
   * timed, because a paused process does not look. If the watched thread had only a share of the processor, the look
   * counts as that share.
   */
  readonly looks: number
  /**
   * The count of looks restarts when the process has grown by this many more bytes, since the call may be exhausting
   * memory.
   */
  readonly growthBytes: number
  /** A call that hangs after the process has grown by more than this many bytes is reported as exhausting memory. */
  readonly muchBytes: number
  /** The size of the process in bytes at which a call is stopped immediately. */
  readonly mostBytes?: number | undefined
  /**
   * A call is stopped immediately if the process grows by more than this many bytes during it, since buffers have no
   * limit of their own.
   */
  readonly mostGrowthBytes?: number | undefined
  /**
   * The size of the process in bytes before the first call, which may allocate much before the first look. By default
   * the size at the first look.
   */
  readonly bytesAtStart?: number | undefined
}

export interface Watch {
  /**
   * Must be called at regular intervals, with the share of the time since the last call in which the watched thread can
   * have run. Returns the problem, if there is one.
   */
  look(share?: number): Ill | undefined
  /** The latest progress. */
  last(): Reading
}

/**
 * The factor for the number of looks of a call that has allocated memory and seems to make no progress: it may be
 * waiting for the garbage collector, which takes seconds on a busy machine.
 */
const PATIENCE = 4

/** Detects a call of a user's function that takes too long or is about to exhaust memory. */
export function createWatch(
  progress: Progress,
  {
    looks,
    growthBytes,
    muchBytes,
    mostBytes = Number.POSITIVE_INFINITY,
    mostGrowthBytes = Number.POSITIVE_INFINITY,
    bytesAtStart,
  }: WatchLimits,
  bytesNow: () => number = process.memoryUsage.rss,
): Watch {
  let reading = readProgress(progress)
  // Most calls end before the first look, and reading the size of the memory takes longer than such a call.
  let bytesBefore: number | undefined
  // The smallest size during the call. Another thread may free memory during the call, so the growth since its start
  // would be too small.
  let leastBytes = 0
  let mostRise = 0
  /** The growth at which the count of looks last restarted. */
  let counted = 0
  let unchanged = 0
  return {
    last: () => readProgress(progress),
    look(share = 1) {
      const before = reading
      reading = readProgress(progress)
      const bytes = bytesNow()
      const bytesThen = bytesBefore ?? bytesAtStart ?? bytes
      if (bytesBefore === undefined) leastBytes = bytesThen
      bytesBefore = bytes
      if (reading.within === 0 || reading.unit !== before.unit || reading.calls !== before.calls) {
        unchanged = 0
        // The call began after the previous look, and may have allocated much since.
        leastBytes = bytesThen
        mostRise = bytes - bytesThen
        counted = mostRise > growthBytes ? mostRise : 0
        return undefined
      }
      leastBytes = Math.min(leastBytes, bytes)
      mostRise = Math.max(mostRise, bytes - leastBytes)
      if (bytes > mostBytes || mostRise > mostGrowthBytes) return 'memory'
      if (mostRise - counted > growthBytes) {
        counted = mostRise
        unchanged = 0
      } else unchanged += share
      const isDecided = counted === 0 || mostRise > muchBytes
      if (unchanged < (isDecided ? looks : PATIENCE * looks)) return undefined
      // Near its limit, memory hardly grows, because garbage collection takes all the time.
      return mostRise > muchBytes ? 'memory' : 'hanging'
    },
  }
}
