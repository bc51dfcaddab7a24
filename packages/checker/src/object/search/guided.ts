import { inTime } from '../../limits/budget.ts'
import type { Supposed } from '../supposed/supposed.ts'
import type { ObjectSearch } from './search.ts'

/** Steps per operation after which a search in full is interrupted: ordinary histories are done by then. */
const STEPS_IN_FULL = 3
/** With more operations of unknown outcome, a single step in full may try too many sets of them. */
const MOST_UNKNOWN = 12
/** Steps per operation before a supposition is given up. */
const STEPS_SUPPOSING = 50

interface Supposing {
  readonly supposed: Supposed
  /** For an order that keeps to it. */
  readonly search: ObjectSearch
}

/** Searches in full, and before that takes long looks for an order that keeps to a supposition. */
export function createGuidedSearch(
  { length, unknown }: { readonly length: number; readonly unknown: number },
  inFull: ObjectSearch,
  suppose: () => Supposing | undefined,
): ObjectSearch {
  let supposing: Supposing | undefined
  let hasSupposed = false
  let left = unknown > MOST_UNKNOWN ? 0 : STEPS_IN_FULL * (length + 1)
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
