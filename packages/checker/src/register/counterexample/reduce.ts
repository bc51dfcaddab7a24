import { type Encoded, NEVER } from '../../encoding/encoded.ts'
import { type Budget, ticking } from '../../limits/budget.ts'
import { shrink } from '../../search/shrink.ts'
import { MOST_OPERATIONS, type Uncut } from '../../verdict/verdict.ts'

/** A budget that remembers which limit was reached while it was used. */
export function watched(budget: Budget): {
  readonly budget: Budget
  readonly limit: () => 'time' | 'memory' | undefined
} {
  let isRefused = false
  return {
    budget: {
      ...budget,
      take: (bytes) => {
        const given = budget.take(bytes)
        isRefused ||= !given
        return given
      },
    },
    limit: () => (isRefused ? 'memory' : budget.expired(0) ? 'time' : undefined),
  }
}

/** The part of a core to show: no more than a person could read. */
export interface Limited {
  readonly shown: readonly number[]
  readonly uncut: Uncut | undefined
}

export interface Limiting {
  /** The number of operations it was found among. */
  readonly among: number
  /** The limit that was reached meanwhile, if any. */
  readonly limit: 'time' | 'memory' | undefined
  /** Whether some of the operations contradict each other by themselves, found out without a look at the clock. */
  readonly makesSure: (some: readonly number[]) => boolean
}

/** Keeps to `MOST_OPERATIONS`: what returned earliest goes. */
export function limit(
  core: readonly number[],
  { returns }: Pick<Encoded, 'returns'>,
  { among, limit, makesSure }: Limiting,
): Limited {
  if (core.length <= MOST_OPERATIONS)
    return { shown: core, uncut: limit && { why: limit, among, standsAlone: makesSure(core) } }
  const kept = core
    .toSorted((a, b) => returns[a] - returns[b])
    .slice(-MOST_OPERATIONS)
    .sort((a, b) => a - b)
  return { shown: kept, uncut: { why: limit ?? 'size', among, standsAlone: makesSure(kept) } }
}

/** @param among what the start may rest on */
export type Prove = (
  start: readonly number[],
  among: readonly number[],
  contradicts: Contradiction['contradicts'],
) => readonly number[] | undefined

/** Operations are numbers, ascending. */
export interface Contradiction {
  /** Where to begin: the first that is contradictory with everything its results may depend on. */
  readonly starts: Iterable<readonly number[]>
  /** Adds everything that results may depend on. */
  readonly complete: (some: readonly number[]) => readonly number[]
  /** Whether some of the operations are contradictory by themselves. */
  readonly contradicts: (some: readonly number[]) => boolean
  /** Whether what is shown is told with all that it may rest on; by default, whether everything is there. */
  readonly isTold?: ((some: readonly number[]) => boolean) | undefined
  /** Few of some operations that the verifier accepts by themselves, if it finds any near a start. */
  readonly prove?: Prove | undefined
}

/**
 * Reduces a contradiction to a core, which is contradictory whatever else happened: if the verifier covers it, what that
 * accepts; otherwise with each observation it has everything that this may depend on, and without any one of its operations
 * that is no longer so, or there is no contradiction left.
 *
 * @returns undefined if no start is contradictory
 * @throws OutOfTime if there is no time to begin.
 */
export function reduce(
  { starts, complete, contradicts, isTold = isClosedUnder(complete), prove }: Contradiction,
  budget: Budget,
): readonly number[] | undefined {
  for (const start of starts) {
    let completion = complete(start)
    if (!contradicts(completion)) continue
    const proved = prove?.(start, completion, contradicts)
    if (proved !== undefined) return proved
    const contradictory = (some: readonly number[]): boolean => {
      const completed = complete(some)
      const holds = contradicts(completed)
      if (holds) completion = completed
      return holds
    }
    shrink(start, contradictory, budget)
    if (completion.length > MOST_REDUCED) return completion
    const core = shrink(completion, (some) => isTold(some) && contradicts(some), budget)
    return prove?.(core, completion, contradicts) ?? core
  }
  return undefined
}

/** Above this size, do not try dropping operations one at a time. */
const MOST_REDUCED = 500

/** Whether some operations contain everything that their results may depend on. */
export const isClosedUnder =
  (complete: Contradiction['complete'], isRead: (i: number) => boolean = () => false) =>
  (some: readonly number[]): boolean => {
    const there = new Set(some)
    return complete(some).every((i) => there.has(i) || isRead(i))
  }

/** Size of the first window of last operations; grows until contradictory. Small sets are judged quickest. */
const FIRST_WINDOW = 4

/** Ever more of the last operations that had returned by an event, and then all. */
export function* windows(
  { length, returns }: Pick<Encoded, 'length' | 'returns'>,
  until: number,
  budget: Budget,
): Generator<readonly number[]> {
  const all = Array.from({ length }, (_, i) => i)
  const completed = all
    .filter((i) => returns[i] !== NEVER && returns[i] <= until)
    .sort(ticking((a, b) => returns[a] - returns[b], budget))
  for (let size = FIRST_WINDOW; size < completed.length && !budget.expired(size); size *= 2)
    yield completed.slice(-size).sort((a, b) => a - b)
  yield completed.toSorted((a, b) => a - b)
  yield all
}
