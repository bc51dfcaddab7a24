import type { CheckOptions } from './options.ts'

/** What a check may still spend. All parts of one check share one budget, so that the limits hold for the whole. */
export interface Budget {
  /** Whether the deadline has passed. Reads the clock: ask every few thousand steps, not at each. */
  readonly expired: () => boolean
  /** Asks for more memory; false when the limit would be passed, and then nothing was taken. */
  readonly take: (bytes: number) => boolean
  readonly giveBack: (bytes: number) => void
  /** Milliseconds until the deadline; none of them when it has passed. */
  readonly left: () => number
  /** The same budget with a nearer deadline, for work that is worth only so much time. */
  readonly within: (milliseconds: number) => Budget
}

/** Counts the memory taken by all who share it. */
export interface Ledger {
  /** Adds so many bytes, or takes them off; the bytes taken then. */
  readonly add: (bytes: number) => number
}

function createLedger(): Ledger {
  let taken = 0
  return {
    add: (bytes) => {
      taken += bytes
      return taken
    },
  }
}

export function createBudget(
  options: Pick<CheckOptions, 'deadlineMs' | 'memoryBytes' | 'now'>,
  ledger: Ledger = createLedger(),
): Budget {
  const until = (end: number): Budget => ({
    expired: () => options.now() >= end,
    left: () => Math.max(0, end - options.now()),
    take: (bytes) => {
      if (ledger.add(bytes) <= options.memoryBytes) return true
      ledger.add(-bytes)
      return false
    },
    giveBack: (bytes) => {
      ledger.add(-bytes)
    },
    within: (milliseconds) => until(Math.min(end, options.now() + milliseconds)),
  })
  return until(options.now() + options.deadlineMs)
}

/** Work that stops where it is, can be resumed, and says why it stopped. */
export type Progress = 'met' | 'violated' | 'paused' | 'out of memory'
