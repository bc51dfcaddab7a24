import { inTime } from '../../limits/budget.ts'
import type { Supposed } from '../supposed/supposed.ts'
import type { ObjectSearch } from './search.ts'

/** The number of steps per operation until the full search is interrupted. Ordinary histories need fewer. */
const STEPS_IN_FULL = 60
/** The number of steps per operation after which the search drops a supposition. */
const STEPS_SUPPOSING = 50

export interface Supposing {
  readonly supposed: Supposed
  readonly search: ObjectSearch
}

/**
 * Runs the search `inFull`. If it is undecided after `STEPS_IN_FULL` steps per operation, interrupts it, and searches
 * for an order that satisfies the suppositions of `suppose` (see `supposed`). If that search does not find an order
 * within `STEPS_SUPPOSING` steps per operation, continues `inFull`.
 */
export function createGuidedSearch(
  length: number,
  inFull: ObjectSearch,
  suppose: () => Supposing | undefined,
): ObjectSearch {
  let supposing: Supposing | undefined
  let hasSupposed = false
  let left = STEPS_IN_FULL * (length + 1)
  const search = (): ObjectSearch => supposing?.search ?? inFull
  const giveUp = (): void => {
    supposing?.search.release()
    supposing = undefined
  }
  return {
    run: (steps) => {
      if (hasSupposed && supposing === undefined) return inFull.run(steps)
      const progress = left === 0 ? 'paused' : search().run(Math.min(steps, left))
      left -= steps
      if (supposing !== undefined) {
        if (progress === 'met' || (progress === 'paused' && left > 0)) return progress
        giveUp()
        return 'paused'
      }
      if (progress !== 'paused' || left > 0) return progress
      hasSupposed = true
      supposing = inTime(suppose)
      left = STEPS_SUPPOSING * (length + 1)
      return 'paused'
    },
    order: () => {
      if (supposing === undefined) return inFull.order()
      const { indices } = supposing.supposed
      return supposing.search.order().map((i) => indices[i])
    },
    culprit: () => inFull.culprit(),
    release: () => {
      giveUp()
      inFull.release()
    },
  }
}

/** The number of steps that the first search makes for each step of the second. Steps of the second take longer. */
const SHARE = 32

/**
 * Runs `first` for `alone` steps, then alternates with the search that `another` creates, until one has an answer. Both
 * must be exact. A search that runs out of memory leaves all memory to the other.
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
