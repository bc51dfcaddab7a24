import type { Json } from '@chaos/history'
import type { Budget, Progress } from '../budget.ts'
import { CAS, type Encoded, NEVER } from '../encoded.ts'
import { createFrontierSearch } from './refinement.ts'
import { createSearch, type Search } from './search.ts'

/** Steps for each operation in the first turn of the search in depth and of the frontier, and the growth of later turns. */
interface Turns {
  readonly depth: number
  readonly depthGrowth: number
  readonly frontier: number
  readonly frontierGrowth: number
}

const usualTurns: Turns = { depth: 7, depthGrowth: 8, frontier: 40, frontierGrowth: 8 }

/** With compare-and-sets of unknown outcome the frontier is much slower, except to refute. */
const turnsWithOptionalCas: Turns = { depth: 3, depthGrowth: 64, frontier: 8, frontierGrowth: 8 }

/** The search in depth has lost its way when it gets no further for so many steps: in its first turn it then stops early. */
const STRAY_STEPS = 4096
const SLICE = 256

/**
 * Two searches that take turns, each longer than the last. In depth is quick where an explanation is easy to find, and
 * with compare-and-sets of unknown outcome; the frontier where many operations are open at once, or where there is no
 * explanation. Both are exact, so the first answer stands.
 */
export function createPortfolio(part: Encoded, jsonOf: (name: number) => Json, budget: Budget): Search {
  let depth: Search | undefined = createSearch(part, jsonOf, budget)
  let frontier: Search | undefined
  let current: Search = depth
  const turns = hasOptionalCas(part) ? turnsWithOptionalCas : usualTurns
  let quota = turns.depth * (part.length + 1)
  let depthSteps = quota
  let frontierSteps = turns.frontier * (part.length + 1)
  let firstTurn = true
  let furthest = -1
  let strayed = 0

  /** Goes over to the other search; false where there is none left. */
  const change = (): boolean => {
    if (firstTurn) {
      firstTurn = false
      frontier = createFrontierSearch(part, budget)
    }
    if (current === depth ? frontier !== undefined : depth === undefined) {
      if (frontier === undefined) return false
      current = frontier
      quota = frontierSteps
      frontierSteps *= turns.frontierGrowth
    } else {
      if (depth === undefined) return false
      current = depth
      depthSteps *= turns.depthGrowth
      quota = depthSteps
    }
    return true
  }
  const drop = (): boolean => {
    const dropped = current
    const another = change() && current !== dropped
    if (dropped === depth) depth = undefined
    else frontier = undefined
    dropped.release()
    return another
  }

  const run = (steps: number): Progress => {
    for (let left = steps; left > 0; ) {
      const slice = Math.min(left, quota, SLICE)
      const progress = current.run(slice)
      left -= slice
      quota -= slice
      if (progress === 'out of memory') {
        if (!drop()) return progress
        continue
      }
      if (progress !== 'paused') return progress
      if (firstTurn) {
        strayed = current.culpritReturn() > furthest ? 0 : strayed + slice
        furthest = Math.max(furthest, current.culpritReturn())
        if (strayed >= STRAY_STEPS) quota = 0
      }
      if (quota <= 0) change()
    }
    return 'paused'
  }
  return {
    run,
    order: () => current.order(),
    culpritReturn: () => current.culpritReturn(),
    release: () => {
      depth?.release()
      frontier?.release()
    },
  }
}

function hasOptionalCas({ length, kind, returns }: Encoded): boolean {
  for (let i = 0; i < length; i++) if (kind[i] === CAS && returns[i] === NEVER) return true
  return false
}
