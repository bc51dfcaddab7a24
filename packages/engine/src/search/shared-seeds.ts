/** Seeds of a generation: a range begins with what was interesting until the one before the last. */
const GENERATION = 4_096
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
  interesting(): readonly number[]
}

/**
 * Shares the interesting seeds of all ranges. A generation waits for none but those before the last, which are done long
 * before it begins.
 */
export function shareSeeds(firstSeed: number, { next, interesting }: Known, ended: AbortSignal): SharedSeeds {
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const look of waiting) look()
  }
  ended.addEventListener('abort', wake)
  return {
    async before(first) {
      const generation = Math.floor((first - firstSeed) / GENERATION)
      if (generation < 2) return []
      const end = firstSeed + (generation - 1) * GENERATION
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (next() < end && !ended.aborted) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      })
      return next() < end
        ? undefined
        : interesting()
            .filter((seed) => seed < end)
            .slice(-MOST_SHARED)
    },
    tell: wake,
  }
}
