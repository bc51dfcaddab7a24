import { type Progress, type Reading, readProgress } from './progress.ts'

/** The problem of a user's function: it does not return, or it exhausts memory. */
export type Ill = 'hanging' | 'memory'

export interface WatchLimits {
  /**
   * The number of calls of `look` that may find the same user call in progress. A user call should take microseconds.
   * Calls of `look` are counted instead of time, because a paused process does not call `look`. If the watched thread
   * had only a share of the processor, the call counts as this share.
   */
  readonly looks: number
  /**
   * Each time the process has grown by this many more bytes, the count of looks restarts, because the call may be
   * exhausting memory.
   */
  readonly growthBytes: number
  /** If the process has grown by more than this many bytes, a hanging call is reported as exhausting memory. */
  readonly muchBytes: number
  /** The size of the process in bytes at which a call is stopped immediately. */
  readonly mostBytes?: number | undefined
  /**
   * If the process grows by more than this many bytes during a call, the call is stopped immediately. Buffers have no
   * limit of their own.
   */
  readonly mostGrowthBytes?: number | undefined
  /**
   * The size of the process in bytes before the first call. This call may allocate much memory before the first look.
   * By default, the size at the first look is used.
   */
  readonly bytesAtStart?: number | undefined
}

export interface Watch {
  /**
   * Must be called at regular intervals. `share` is the share of the time since the last call in which the watched
   * thread can have run. Returns the problem, if there is one.
   */
  look(share?: number): Ill | undefined
  /** The latest progress. */
  last(): Reading
}

/**
 * A call that has allocated memory and seems to make no progress may be waiting for the garbage collector, which takes
 * seconds on a busy machine. The number of looks for such a call is multiplied by this factor.
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
  // The smallest size of the process during the call. The growth is measured from this size, because another thread may
  // free memory during the call.
  let leastBytes = 0
  let mostRise = 0
  /** The growth at which the count of looks was last reset. */
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
        // The call began after the previous look, and may already have allocated much memory.
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
      // Close to the limit, memory hardly grows, because garbage collection takes all the time.
      return mostRise > muchBytes ? 'memory' : 'hanging'
    },
  }
}
