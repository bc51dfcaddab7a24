import type { CheckOptions } from './options.ts'

/** What a check may still spend. All parts of one check share one budget, so that the limits hold for the whole. */
export interface Budget {
  /** Whether the deadline has passed. Reads the clock: ask every few thousand steps, not at each. */
  readonly expired: () => boolean
  /** Throws `OutOfTime` past the deadline. */
  readonly look: () => void
  /** To be called at each step of a long pass: looks now and then. */
  readonly tick: () => void
  /** Asks for more memory; false when the limit would be passed, and then nothing was taken. */
  readonly take: (bytes: number) => boolean
  readonly giveBack: (bytes: number) => void
  /** Milliseconds until the deadline; none of them when it has passed. */
  readonly left: () => number
  /** The same budget with a nearer deadline, for work that is worth only so much time. */
  readonly within: (milliseconds: number) => Budget
}

/** Ends a pass that is worth nothing unless it comes to its end. Whoever can do without its result catches it: see `inTime`. */
export class OutOfTime extends Error {}

/** What a verdict without a search's own account says of it. */
export const OUT_OF_TIME = 'out of time (see --timeout)'

/** What the work comes to, or what is to be said where the deadline passes meanwhile. */
export function inTime<Result, Late>(work: () => Result, late: () => Late): Result | Late {
  try {
    return work()
  } catch (error) {
    if (error instanceof OutOfTime) return late()
    throw error
  }
}

/** A mask: a step of a pass takes some microseconds at most. */
const TICKS_BETWEEN_LOOKS = 0x3ff

/** A mask, for loops that do little at each step: they look at the clock where all of its bits are set. */
export const STEPS_BETWEEN_LOOKS = 0xffff

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
  let ticks = 0
  const until = (end: number): Budget => ({
    expired: () => options.now() >= end,
    look: () => {
      if (options.now() >= end) throw new OutOfTime()
    },
    tick: () => {
      if ((++ticks & TICKS_BETWEEN_LOOKS) === 0 && options.now() >= end) throw new OutOfTime()
    },
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

/** The same order, for a sort that stops with `OutOfTime` at the deadline. */
export const ticking =
  <Item>(compare: (a: Item, b: Item) => number, budget: Budget) =>
  (a: Item, b: Item): number => {
    budget.tick()
    return compare(a, b)
  }

/** Looks at the clock once in so much work, where a step is as long as a row of `width` numbers. */
export function createPace(budget: Budget, width: number): { readonly isLate: () => boolean } {
  const stepsBetween = Math.ceil(NUMBERS_BETWEEN_LOOKS / (width + 1))
  let left = stepsBetween
  return {
    isLate: () => {
      if (--left > 0) return false
      left = stepsBetween
      return budget.expired()
    },
  }
}

const NUMBERS_BETWEEN_LOOKS = 16_384

/** For those who have all the time and memory they want. */
export const unlimited: Budget = {
  expired: () => false,
  look: () => {},
  tick: () => {},
  take: () => true,
  giveBack: () => {},
  left: () => Number.POSITIVE_INFINITY,
  within: () => unlimited,
}

/**
 * So many looks and no clock: for the little that is still to be done when the deadline has passed, such as to make sure of
 * what was found. It comes to the same however fast the machine is.
 */
export function createAllowance(looks: number): Budget {
  let left = looks
  let ticks = 0
  const look = (): void => {
    if (left-- <= 0) throw new OutOfTime()
  }
  const allowance: Budget = {
    ...unlimited,
    expired: () => left-- <= 0,
    look,
    tick: () => {
      if ((++ticks & TICKS_BETWEEN_LOOKS) === 0) look()
    },
    left: () => (left > 0 ? Number.POSITIVE_INFINITY : 0),
    within: () => allowance,
  }
  return allowance
}

/** Work that stops where it is, can be resumed, and says why it stopped. */
export type Progress = 'met' | 'violated' | 'paused' | 'out of memory'
