import { createCondition } from '../jobs/condition.ts'

/** The largest number of shared seeds: playing them again must stay a small part of a generation's trials. */
const MOST_SHARED = 16

/** Interesting seeds shared between ranges. */
export interface SharedSeeds {
  /**
   * Waits until the interesting seeds that a range begins with are known. These seeds do not depend on the searcher or
   * on the number of ranges in progress, so a search has one result. Returns undefined if the search ended first.
   */
  before(first: number): Promise<readonly number[] | undefined>
  /** Must be called whenever a range is done. */
  tell(): void
}

/** The seeds searched so far. */
interface Known {
  /** The first seed that has not been searched yet. */
  next(): number
  interestingBefore(seed: number, most: number): readonly number[]
  /**
   * The number of seeds in a generation. A range starts with the interesting seeds of all earlier generations except
   * the last one.
   */
  readonly generation: number
}

/**
 * Shares the interesting seeds of all ranges. A range waits for the seeds of all generations before its own, except the
 * last one. The generations for which it waits are normally done when the range begins.
 */
export function shareSeeds(
  firstSeed: number,
  { next, interestingBefore, generation: size }: Known,
  ended: AbortSignal,
): SharedSeeds {
  const condition = createCondition()
  ended.addEventListener('abort', condition.changed)
  let latest: { readonly end: number; readonly seeds: readonly number[] } | undefined
  return {
    async before(first) {
      const generation = Math.floor((first - firstSeed) / size)
      if (generation < 2) return []
      const end = firstSeed + (generation - 1) * size
      await condition.until(() => next() >= end || ended.aborted)
      if (next() < end) return undefined
      if (latest?.end !== end) latest = { end, seeds: interestingBefore(end, MOST_SHARED) }
      return latest.seeds
    },
    tell: condition.changed,
  }
}
