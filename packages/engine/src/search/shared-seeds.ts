import { createCondition } from '../jobs/condition.ts'

/** Playing them again is a small part of a generation's trials. */
const MOST_SHARED = 16

/** What ranges of seeds tell one another. */
export interface SharedSeeds {
  /**
   * The interesting seeds that a range begins with, once they are known. They depend on the seeds alone, and neither on who
   * searches them nor on how many at a time, so that a search has one result. Undefined if the search ended before.
   */
  before(first: number): Promise<readonly number[] | undefined>
  /** To be called whenever a range is done. */
  tell(): void
}

/** What is known so far. */
interface Known {
  /** The first seed that is not yet searched. */
  next(): number
  interestingBefore(seed: number, most: number): readonly number[]
  /** Seeds of a generation: a range begins with what was interesting until the one before the last. */
  readonly generation: number
}

/**
 * Shares the interesting seeds of all ranges. A generation waits for none but those before the last, which are done long
 * before it begins.
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
