import { type Progress, type Reading, readProgress } from './progress.ts'

/** The problem of a user's function: it does not return, or exhausts memory. */
export type Ill = 'hanging' | 'memory'

export interface WatchLimits {
  /**
   * How many looks may find the same call, which should take microseconds. Counted rather than timed, because a paused
   * process does not look; a look at a thread that had only a part of the processor is a part of one.
   */
  readonly looks: number
  /** The count of looks restarts when the process has grown by this much more: the call may be exhausting memory. */
  readonly growthBytes: number
  /** A call that hangs after the process has grown by more than this is reported as exhausting memory. */
  readonly muchBytes: number
  /** The size of the process at which a call is stopped at once. */
  readonly mostBytes?: number | undefined
  /** A call is stopped at once if the process grows by more than this during it: buffers have no limit of their own. */
  readonly mostGrowthBytes?: number | undefined
  /**
   * The size of the process before the first call, which may have allocated much by the first look. By default the size
   * at the first look.
   */
  readonly bytesAtStart?: number | undefined
}

export interface Watch {
  /** Call it at regular intervals, with the part of the time since then in which the watched thread can have run. */
  look(share?: number): Ill | undefined
  /** The latest progress. */
  last(): Reading
}

/**
 * This multiple of the looks is allowed to a call that has allocated memory and seems to stand still: it may be waiting
 * for the garbage collector, which takes seconds on a busy machine.
 */
const PATIENCE = 4

/** Detects a call of a user's function that lasts too long or is about to exhaust memory. */
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
  // Most calls end before the first look, and reading the memory costs more than they do.
  let bytesBefore: number | undefined
  // The smallest size during the call. Another thread may free memory meanwhile, so the growth since the start would be
  // too small.
  let leastBytes = 0
  let mostRise = 0
  /** The growth for which the looks were already counted anew. */
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
      // Near its limit memory hardly grows, because all time goes into garbage collection.
      return mostRise > muchBytes ? 'memory' : 'hanging'
    },
  }
}
