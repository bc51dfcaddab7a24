import { type Progress, type Reading, readProgress } from './progress.ts'

/** What is wrong with a user's function: it does not return, or takes all memory. */
export type Ill = 'hanging' | 'memory'

export interface WatchLimits {
  /**
   * How many looks may find the same call, which should take microseconds. Counted rather than timed, because a paused
   * process does not look.
   */
  readonly looks: number
  /** Looks are counted anew when the process has grown by this much more: the call may be exhausting memory. */
  readonly growthBytes: number
  /** A call that hangs after the process has grown by more than this is said to exhaust memory. */
  readonly muchBytes: number
  /** Of the whole process, at which the call is stopped at once. */
  readonly mostBytes?: number | undefined
  /** A call during which the process grows by more than this is stopped at once: buffers have no limit of their own. */
  readonly mostGrowthBytes?: number | undefined
  /** Of the whole process before the first call, which may have taken much by the first look. The first look's, if absent. */
  readonly bytesAtStart?: number | undefined
}

export interface Watch {
  /** To be called at an even pace. */
  look(): Ill | undefined
  /** How far it is now. */
  last(): Reading
}

/**
 * So many times the looks are spent on a call that has taken memory and seems to stand still: it may be waiting for the
 * collector, which on a busy machine takes seconds.
 */
const PATIENCE = 4

/** Tells when a call of a user's function has lasted too long, or is about to take all memory. */
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
  // Most calls are over before the first look, and asking for the memory costs more than they do.
  let bytesBefore: number | undefined
  // During the call. Another thread may end meanwhile and give back what it had, so the growth since the call began would
  // be too little.
  let leastBytes = 0
  let mostRise = 0
  /** As much of it as looks have been counted anew for. */
  let counted = 0
  let unchanged = 0
  return {
    last: () => readProgress(progress),
    look() {
      const before = reading
      reading = readProgress(progress)
      const bytes = bytesNow()
      const bytesThen = bytesBefore ?? bytesAtStart ?? bytes
      if (bytesBefore === undefined) leastBytes = bytesThen
      bytesBefore = bytes
      if (reading.within === 0 || reading.unit !== before.unit || reading.calls !== before.calls) {
        unchanged = 0
        // It began after the look before, and may have taken much since then.
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
      } else unchanged++
      const isDecided = counted === 0 || mostRise > muchBytes
      if (unchanged < (isDecided ? looks : PATIENCE * looks)) return undefined
      // Near its limit memory hardly grows, since all time goes into garbage collection.
      return mostRise > muchBytes ? 'memory' : 'hanging'
    },
  }
}
