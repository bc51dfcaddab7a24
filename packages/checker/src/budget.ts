import type { CheckOptions } from './options.ts'

/** What a check may still spend. All parts of one check share one budget, so that the limits hold for the whole. */
export interface Budget {
  /** Whether the deadline has passed. Reads the clock: ask every few thousand steps, not at each. */
  readonly expired: () => boolean
  /** Asks for more memory; false when the limit would be passed, and then nothing was taken. */
  readonly take: (bytes: number) => boolean
  readonly giveBack: (bytes: number) => void
  /** The same budget with a nearer deadline, for work that is worth only so much time. */
  readonly within: (milliseconds: number) => Budget
}

export function createBudget(options: Pick<CheckOptions, 'deadlineMs' | 'memoryBytes' | 'now'>): Budget {
  let taken = 0
  const until = (end: number): Budget => ({
    expired: () => options.now() >= end,
    take: (bytes) => {
      if (taken + bytes > options.memoryBytes) return false
      taken += bytes
      return true
    },
    giveBack: (bytes) => {
      taken -= bytes
    },
    within: (milliseconds) => until(Math.min(end, options.now() + milliseconds)),
  })
  return until(options.now() + options.deadlineMs)
}

/** Work that stops where it is, can be resumed, and says why it stopped. */
export type Progress = 'met' | 'violated' | 'paused' | 'out of memory'
