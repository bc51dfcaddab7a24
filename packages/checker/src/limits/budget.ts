import { type Millis, millis } from '@chaosproxy/history'

/** The limits of time and memory of a check. */
export interface Limits {
  /** The time for the whole check by the given clock. It includes the reduction of counterexamples. */
  readonly deadlineMs: Millis
  /** Bytes that the encoded operations and the tables of the searches may use. */
  readonly memoryBytes: number
  /** A monotonic clock. The checker reads no other clock. */
  readonly now: () => Millis
  /** Called with the number of steps since the last call, for a clock that counts steps: see `limitedTo`. */
  readonly work?: ((steps: number) => void) | undefined
}

/** About as many steps as an ordinary machine makes in a millisecond. */
const STEPS_PER_MS = 10_000

/**
 * Limits a check by work instead of time, so that a history gets the same result on any machine under any load. A step
 * is roughly the examination of one operation in a pass, or one move of a search. Each returned object serves a single
 * check.
 */
export function limitedTo(steps: number): Pick<Limits, 'deadlineMs' | 'now' | 'work'> {
  let done = 0
  return {
    deadlineMs: millis(steps / STEPS_PER_MS),
    now: () => millis(done / STEPS_PER_MS),
    work: (more) => {
      done += more
    },
  }
}

/** The resources that a check may still use, shared by all its parts. */
export interface Budget {
  /**
   * Whether the deadline has passed. `steps`: the steps since the last call, without those counted by `tick`. Reads the
   * clock, so call it only every few thousand steps.
   */
  readonly expired: (steps: number) => boolean
  /** Throws `OutOfTime` if the deadline has passed. `steps` has the same meaning as for `expired`. */
  readonly look: (steps: number) => void
  /** Checks the deadline periodically. Call it at each step of a long pass. */
  readonly tick: () => void
  /** Reserves memory, or returns false if this would exceed the limit. */
  readonly take: (bytes: number) => boolean
  readonly giveBack: (bytes: number) => void
  /** Milliseconds until the deadline; 0 once it has passed. */
  readonly left: () => number
  /** The same budget with an earlier deadline. */
  readonly within: (milliseconds: number) => Budget
}

/** Thrown to end a pass whose partial result is useless. Caught by callers that can continue (see `inTime`). */
export class OutOfTime extends Error {}

/** Returns the result of the work, or `late` (by default undefined) if the deadline passes first. */
export function inTime<Result>(work: () => Result): Result | undefined
export function inTime<Result, Late>(work: () => Result, late: () => Late): Result | Late
export function inTime<Result, Late>(work: () => Result, late?: () => Late): Result | Late | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof OutOfTime) return late?.()
    throw error
  }
}

/** A mask: the clock is read after this many steps of at most a few microseconds. */
const TICKS_BETWEEN_LOOKS = 0x3ff

/** A mask: loops with cheap steps check the clock when all bits of the mask are set in the step number. */
export const STEPS_BETWEEN_LOOKS = 0xffff

/** Checks the deadline at every 65,536th step of a loop with cheap steps. */
export function lookAt(step: number, budget: Budget): void {
  if ((step & STEPS_BETWEEN_LOOKS) === STEPS_BETWEEN_LOOKS) budget.look(STEPS_BETWEEN_LOOKS)
}

export interface Ledger {
  /** Adds a number of bytes, and returns the total in use. A negative number frees bytes. */
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

export function createBudget(options: Limits, ledger: Ledger = createLedger()): Budget {
  const { now, work = uncounted } = options
  let ticks = 0
  const until = (end: number): Budget => ({
    expired: (steps) => {
      work(steps)
      return now() >= end
    },
    look: (steps) => {
      work(steps)
      if (now() >= end) throw new OutOfTime()
    },
    tick: () => {
      if ((++ticks & TICKS_BETWEEN_LOOKS) !== 0) return
      work(TICKS_BETWEEN_LOOKS + 1)
      if (now() >= end) throw new OutOfTime()
    },
    left: () => Math.max(0, end - now()),
    take: (bytes) => {
      if (ledger.add(bytes) <= options.memoryBytes) return true
      ledger.add(-bytes)
      return false
    },
    giveBack: (bytes) => {
      ledger.add(-bytes)
    },
    within: (milliseconds) => until(Math.min(end, now() + milliseconds)),
  })
  return until(now() + options.deadlineMs)
}

const uncounted = (): void => {}

/** Wraps a comparison so that the sort throws `OutOfTime` at the deadline. */
export const ticking =
  <Item>(compare: (a: Item, b: Item) => number, budget: Budget) =>
  (a: Item, b: Item): number => {
    budget.tick()
    return compare(a, b)
  }

/** Checks the clock after a fixed amount of work. Each step processes `width` numbers. */
export function createPace(budget: Budget, width: number): { readonly isLate: () => boolean } {
  const stepsBetween = Math.ceil(NUMBERS_BETWEEN_LOOKS / (width + 1))
  let left = stepsBetween
  return {
    isLate: () => {
      if (--left > 0) return false
      left = stepsBetween
      return budget.expired(NUMBERS_BETWEEN_LOOKS)
    },
  }
}

const NUMBERS_BETWEEN_LOOKS = 16_384

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
 * Creates a budget that counts the checks of the deadline instead of reading the clock. It limits the little work after
 * the deadline. The outcome of this work then does not depend on the speed of the machine.
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

/** The state of resumable work: finished, paused, or stopped for lack of memory. */
export type Progress = 'met' | 'violated' | 'paused' | 'out of memory'

/**
 * Runs resumable work for at most `steps` steps, in slices of at most `slice` steps. Calls `isOver` after each slice
 * that leaves the work paused. Returns `out of time` if `isOver` returns true, or if a slice throws `OutOfTime`.
 */
export function inSlices<Some extends Progress>(
  run: (steps: number) => Some,
  steps: number,
  slice: number,
  isOver: (stepsDone: number) => boolean,
): Some | 'paused' | 'out of time' {
  for (let left = steps; left > 0; left -= slice) {
    const progress = inTime(
      () => run(Math.min(left, slice)),
      () => 'out of time' as const,
    )
    if (progress !== 'paused') return progress
    if (isOver(Math.min(left, slice))) return 'out of time'
  }
  return 'paused'
}

/** Reports whether `violates` returns true within `looks` deadline checks. The checks do not read the clock. */
export const isSure = (violates: (budget: Budget) => boolean, looks = 100): boolean =>
  inTime(
    () => violates(createAllowance(looks)),
    () => false,
  )
