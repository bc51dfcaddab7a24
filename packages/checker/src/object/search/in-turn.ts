import type { ObjectSearch } from './search.ts'

/** Of the steps of the first search, the second one gets one in this many: its steps are long. */
const SHARE = 32

/**
 * Runs one search for this many steps, then two in turn until either has an answer. Both must be exact. One that is out
 * of memory leaves all of it to the other.
 */
export function createSearchInTurn(alone: number, first: ObjectSearch, another: () => ObjectSearch): ObjectSearch {
  let left = alone
  let second: ObjectSearch | undefined
  let answered = first
  const running = new Set([first])
  const runOf = (search: ObjectSearch, steps: number): ReturnType<ObjectSearch['run']> => {
    if (!running.has(search)) return 'paused'
    const progress = search.run(steps)
    if (progress === 'met' || progress === 'violated') answered = search
    if (progress !== 'out of memory') return progress
    search.release()
    running.delete(search)
    return second !== undefined && running.size === 0 ? progress : 'paused'
  }
  return {
    run: (steps) => {
      left -= steps
      const progress = runOf(first, steps)
      if (progress !== 'paused' || (left > 0 && running.size > 0)) return progress
      if (second === undefined) {
        second = another()
        running.add(second)
      }
      return runOf(second, Math.max(1, Math.floor(steps / SHARE)))
    },
    order: () => answered.order(),
    culprit: () => answered.culprit(),
    release: () => {
      for (const search of running) search.release()
    },
  }
}
