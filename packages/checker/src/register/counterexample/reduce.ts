import { type Encoded, NEVER } from '../../encoding/encoded.ts'
import { ascending, range } from '../../encoding/lists.ts'
import { type Budget, ticking } from '../../limits/budget.ts'
import { shrink } from '../../search/shrink.ts'
import { MOST_OPERATIONS, type Uncut } from '../../verdict/verdict.ts'

/** Wraps a budget so that it remembers which limit was reached. */
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

/** The part of a core that is shown, small enough to read. */
export interface Limited {
  readonly kept: readonly number[]
  readonly uncut: Uncut | undefined
}

export interface Limiting {
  /** The number of operations from which the core was chosen. */
  readonly among: number
  readonly limit: 'time' | 'memory' | undefined
  /**
   * Reports whether the given operations contradict the level by themselves, without the other operations of the
   * history. Returns false if this is not decided within a fixed number of steps. Time does not limit the decision.
   */
  readonly makesSure: (some: readonly number[]) => boolean
}

/** Limits a core to `MOST_OPERATIONS`, dropping those that returned earliest. */
export function limit(
  core: readonly number[],
  { returns }: Pick<Encoded, 'returns'>,
  { among, limit, makesSure }: Limiting,
): Limited {
  if (core.length <= MOST_OPERATIONS)
    return { kept: core, uncut: limit && { why: limit, among, standsAlone: makesSure(core) } }
  const kept = core
    .toSorted((a, b) => returns[a] - returns[b])
    .slice(-MOST_OPERATIONS)
    .sort((a, b) => a - b)
  return { kept, uncut: { why: limit ?? 'size', among, standsAlone: makesSure(kept) } }
}

/**
 * Returns a few operations that the verifier accepts as a contradiction; undefined if none are found.
 *
 * @param start the operations to begin with
 * @param among operations that include `start` and everything on which the results of `start` may depend
 */
export type Prove = (
  start: readonly number[],
  among: readonly number[],
  contradicts: Contradiction['contradicts'],
) => readonly number[] | undefined

/** A contradiction to reduce. Operations are numbers, in ascending order. */
export interface Contradiction {
  /**
   * Sets of operations to try in turn. The reduction starts from the first set that is contradictory when extended by
   * `complete`.
   */
  readonly starts: Iterable<readonly number[]>
  /** Adds everything that the results of some operations may depend on. */
  readonly complete: (some: readonly number[]) => readonly number[]
  readonly contradicts: (some: readonly number[]) => boolean
  /**
   * Reports whether some operations include everything on which their results may depend. They can then be shown alone.
   * By default, `isClosedUnder(complete)`.
   */
  readonly isClosed?: ((some: readonly number[]) => boolean) | undefined
  /** Tries to find a few operations that the verifier accepts as a contradiction (see `Prove`). */
  readonly prove?: Prove | undefined
}

/**
 * Reduces a contradiction to a core that stays contradictory whatever other operations are added. If possible, the core
 * is a set that the verifier accepts. Otherwise the core contains, for each observation, every operation on which the
 * observation may depend. Such a core is minimal if it is small and time suffices.
 *
 * @returns undefined if none of the sets in `starts` is contradictory when completed.
 * @throws OutOfTime if there is no time to begin.
 */
export function reduce(
  { starts, complete, contradicts, isClosed = isClosedUnder(complete), prove }: Contradiction,
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
    const core = shrink(completion, (some) => isClosed(some) && contradicts(some), budget)
    return prove?.(core, completion, contradicts) ?? core
  }
  return undefined
}

const MOST_REDUCED = 500

/** Reports whether a set of operations contains everything on which its results may depend. */
export const isClosedUnder =
  (complete: Contradiction['complete'], isRead: (i: number) => boolean = () => false) =>
  (some: readonly number[]): boolean => {
    const there = new Set(some)
    return complete(some).every((i) => there.has(i) || isRead(i))
  }

/**
 * The number of operations in the first window. Each further window has twice as many, because small sets are judged
 * fastest.
 */
const FIRST_WINDOW = 4

/**
 * Yields the operations that returned last, but not after event `until`, in ever larger sets. Finally yields all
 * operations.
 */
export function* windows(
  { length, returns }: Pick<Encoded, 'length' | 'returns'>,
  until: number,
  budget: Budget,
): Generator<readonly number[]> {
  const all = range(0, length)
  const completed = all
    .filter((i) => returns[i] !== NEVER && returns[i] <= until)
    .sort(ticking((a, b) => returns[a] - returns[b], budget))
  for (let size = FIRST_WINDOW; size < completed.length && !budget.expired(size); size *= 2)
    yield ascending(completed.slice(-size))
  yield ascending(completed)
  yield all
}
