import { createCondition } from '../jobs/condition.ts'

/** The largest number of shared seeds. It is small, because every range spends trials on playing these seeds again. */
const MOST_SHARED = 16

export interface SharedSeeds {
  /**
   * Waits until the seeds that a range plays first are known. They are interesting seeds of earlier generations. They
   * do not depend on the number of ranges in progress, so the result of a search does not depend on this number either.
   * Undefined if the search ended before.
   */
  before(first: number): Promise<readonly number[] | undefined>
  /** Must be called whenever a range is done. */
  notify(): void
}

interface Known {
  /** The first unsearched seed. */
  next(): number
  interestingBefore(seed: number, most: number): readonly number[]
  /** The number of seeds in a generation. */
  readonly generation: number
}

/**
 * Gives each range interesting seeds, which are seeds whose trials reached something new. A range in generation n gets
 * seeds of the generations up to n - 2, and waits until generation n - 2 is done. Normally, that generation is done
 * long before the range begins.
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
    notify: condition.changed,
  }
}
