import { type Progress, type Reading, readProgress } from './progress.ts'

/** The problem of a user's function: it does not return, or it exhausts memory. */
export type Ill = 'hanging' | 'memory'

export interface WatchLimits {
  /**
   * The number of looks (calls of `look`) after which a call of user code counts as hanging, if each look finds the
   * same call in progress. A call of user code should take microseconds. Looks are counted instead of time, because a
   * paused process does not look. If the watched thread had only a share of the processor, a look counts as this share.
   */
  readonly looks: number
  /**
   * Each time that memory grows by this many bytes during a call of user code, the count for `looks` restarts at 0,
   * because the call may be exhausting memory instead of hanging.
   */
  readonly growthBytes: number
  /** Beyond this growth, a hanging call is reported as exhausting memory. */
  readonly muchBytes: number
  /** The size of the process in bytes at which a call is stopped immediately. */
  readonly mostBytes?: number | undefined
  /**
   * If memory grows by more than this many bytes during a call, the call is stopped immediately. This limit is needed
   * for buffers, which are outside the heap, so the limit of the heap does not apply to them.
   */
  readonly mostGrowthBytes?: number | undefined
  /**
   * The size of the process before the first call of user code; by default, the size at the first look. By then, the
   * first call may already have allocated much memory.
   */
  readonly bytesAtStart?: number | undefined
}

export interface Watch {
  /**
   * Must be called at regular intervals. Returns the problem, if any. `share` is the part of the time since the last
   * call for which the watched thread can have run, from 0 to 1.
   */
  look(share?: number): Ill | undefined
  /** The latest progress. */
  last(): Reading
}

/**
 * If memory grew by more than `growthBytes` during a call, but not by more than `muchBytes`, the limit `looks` is
 * multiplied by this factor, because the garbage collector may take seconds on a busy machine.
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
  // The size of the process at the previous look. Undefined before the first look: reading it earlier would take more
  // time than most calls.
  let bytesBefore: number | undefined
  // The smallest size during the call, because another thread may free memory.
  let leastBytes = 0
  let mostRise = 0
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
        // A call of user code that began after the previous `look` may already have allocated much memory.
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
      // Close to the limit, garbage collection takes all the time, and memory hardly grows.
      return mostRise > muchBytes ? 'memory' : 'hanging'
    },
  }
}
