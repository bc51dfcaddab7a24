import type { Json } from '@chaosproxy/history'
import { CAS, type Encoded, NEVER } from '../../../encoding/encoded.ts'
import type { Budget, Progress } from '../../../limits/budget.ts'
import { assignSlots } from '../../../search/events.ts'
import { MOST_OPEN } from '../open/narrow-open.ts'
import { eventsByPosition } from '../open/open.ts'
import { createNarrowSearch } from '../search/narrow-search.ts'
import { createSearch, type Search } from '../search/search.ts'
import { createNarrowFrontier, EVERY } from '../walks/narrow.ts'
import { createFrontierSearch } from '../walks/refinement.ts'

/**
 * `first`: the number of steps per operation in a search's first turn. `growth`: the factor by which each further turn
 * is longer.
 */
interface Turns {
  readonly first: number
  readonly growth: number
}

const usualDepth: Turns = { first: 7, growth: 8 }
const usualFrontier: Turns = { first: 40, growth: 8 }

/** With compare-and-sets of unknown outcome, the frontier search is much slower, and is useful only to refute. */
const depthWithOptionalCas: Turns = { first: 3, growth: 64 }
const frontierWithOptionalCas: Turns = { first: 16, growth: 8 }
const narrowWithOptionalCas: Turns = { first: 16, growth: 8 }

/**
 * If the search that goes first is a depth-first search, its first turn ends after this many steps without progress.
 */
const STRAY_STEPS = 4096
const NARROW_STRAY_STEPS = 16384
const SLICE = 256

/** Each move of a search counts as this many steps of the budget. */
export const STEPS_OF_MOVE = 5

/** With at most this many open operations, the depth-first search seldom follows a wrong choice for long. */
const FEW_OPEN = 6
const STRAY_STEPS_OF_FEW = 512

interface Contender {
  readonly search: Search
  readonly growth: number
  /** The number of steps in the search's next turn. */
  turn: number
}

/**
 * Creates searches that take turns. The turns of each search grow longer. All searches are exact, so the first answer
 * is used.
 *
 * The depth-first search is fast if an explanation is easy to find, and for compare-and-sets of unknown outcome. The
 * frontier search is fast for many operations of unknown outcome, or if there is no explanation.
 *
 * The history determines which searches take turns. The first of these cases that applies counts:
 * - All outcomes are known, nothing is appended, and at most `MOST_OPEN` operations are open at once: the narrow
 *   depth-first search begins, and then takes turns with the narrow frontier search.
 * - The narrow frontier search applies, and more than `FEW_OPEN` operations are open at once (with fewer, an
 *   explanation is easy to find): the narrow frontier search begins, and then takes turns with the depth-first search.
 *   If the outcome of some compare-and-set is unknown, the frontier search takes turns with these two. It can refute
 *   without counting how often operations of unknown outcome are used (see `createFrontierSearch`).
 * - Otherwise, the depth-first search begins, and then takes turns with the frontier search, if that applies.
 */
export function createPortfolio(part: Encoded, jsonOf: (name: number) => Json, budget: Budget): Search {
  const contender = (search: Search, { first, growth }: Turns): Contender => ({
    search,
    growth,
    turn: first * (part.length + 1),
  })
  const events = eventsByPosition(part)
  const slots = assignSlots(events, part.length)
  const isShallow = slots.count <= FEW_OPEN
  const isSettled = !part.returns.includes(NEVER)
  const optionalCas = !isSettled && hasOptionalCas(part)

  const narrowly = (): Contender => contender(createNarrowSearch(part, events, slots, budget), usualDepth)
  const inDepth = (): Contender =>
    contender(createSearch(part, jsonOf, budget), optionalCas ? depthWithOptionalCas : usualDepth)
  const byFrontier = (): Contender | undefined => {
    const frontier = createFrontierSearch(part, budget)
    return frontier && contender(frontier, optionalCas ? frontierWithOptionalCas : usualFrontier)
  }
  const byNarrowFrontier = (): Contender | undefined => {
    // With many open operations, or some of unknown outcome, there are too many configurations to follow all at first.
    const narrow = createNarrowFrontier(part, budget, isShallow && isSettled ? EVERY : undefined)
    return narrow && contender(narrow, optionalCas ? narrowWithOptionalCas : usualFrontier)
  }

  const isNarrow = isSettled && !part.hasAppend && slots.count <= MOST_OPEN
  const narrowFrontier = isNarrow || isShallow ? undefined : byNarrowFrontier()
  let current = isNarrow ? narrowly() : (narrowFrontier ?? inDepth())
  const untried = isNarrow
    ? [byNarrowFrontier]
    : narrowFrontier === undefined
      ? [byFrontier]
      : optionalCas
        ? [byFrontier, inDepth]
        : [inDepth]
  const strayAfter = isShallow ? STRAY_STEPS_OF_FEW : isNarrow ? NARROW_STRAY_STEPS : STRAY_STEPS
  const waiting: Contender[] = []
  let quota = current.turn
  let firstTurn = true
  let furthest = -1
  let strayed = 0

  const nextContender = (): Contender | undefined => {
    firstTurn = false
    for (let make = untried.shift(); make !== undefined; make = untried.shift()) {
      const made = make()
      if (made !== undefined) return made
    }
    return waiting.shift()
  }
  const change = (): void => {
    current.turn *= current.growth
    const next = nextContender()
    if (next !== undefined) {
      waiting.push(current)
      current = next
    }
    quota = current.turn
  }
  const drop = (): boolean => {
    const next = nextContender()
    if (next === undefined) return false
    current.search.release()
    current = next
    quota = current.turn
    return true
  }

  const run = (steps: number): Progress => {
    for (let left = steps; left > 0; ) {
      const slice = Math.min(left, quota, SLICE)
      const progress = current.search.run(slice)
      left -= slice
      quota -= slice
      if (progress === 'out of memory') {
        if (!drop()) return progress
        continue
      }
      if (progress !== 'paused') return progress
      if (firstTurn && narrowFrontier === undefined) {
        strayed = current.search.culpritReturn() > furthest ? 0 : strayed + slice
        furthest = Math.max(furthest, current.search.culpritReturn())
        if (strayed >= strayAfter) quota = 0
      }
      if (quota <= 0) change()
    }
    return 'paused'
  }
  return {
    run,
    order: () => current.search.order(),
    culpritReturn: () => current.search.culpritReturn(),
    release: () => {
      current.search.release()
      for (const { search } of waiting) search.release()
    },
  }
}

function hasOptionalCas({ length, kind, returns }: Encoded): boolean {
  for (let i = 0; i < length; i++) if (kind[i] === CAS && returns[i] === NEVER) return true
  return false
}
