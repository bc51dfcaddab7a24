import type { Encoded } from '../../../encoding/encoded.ts'
import type { Budget, Progress } from '../../../limits/budget.ts'
import { assignSlots } from '../../../search/events.ts'
import { eventsByPosition } from '../open/open.ts'
import { type OptionalClass, optionalClasses } from '../open/optional.ts'
import type { Search } from '../search/search.ts'
import { type FiringPath, orderFromFirings } from './firings.ts'
import { createFrontier, type Frontier } from './frontier.ts'

/** The number of configurations kept by the first, optimistic walk. */
const BEAM = 4
const EVERY = Number.POSITIVE_INFINITY

/** With at least this many open operations, the optimistic walk is worthwhile. */
const MANY_OPEN = 12

/** A walk counts the used members of at most this many `OptionalClass`es. More would create too many configurations. */
const MOST_COUNTED = 48

/**
 * Creates the frontier search. It first assumes that operations of unknown outcome can be used any number of times. If
 * there is no explanation under this assumption, there is none at all. If the explanation uses an operation too often,
 * the walk starts over and counts the uses of such operations. This is abstraction refined by counterexamples (Clarke
 * et al. 2000). Counting all operations would make the sets very large for compare-and-sets of unknown outcome.
 *
 * Returns undefined for registers with append.
 */
export function createFrontierSearch(part: Encoded, budget: Budget): Search | undefined {
  if (part.hasAppend) return undefined
  const classes = optionalClasses(part, part.expects, part.writes)
  const counted = new Uint8Array(classes.length)
  const all = new Uint8Array(classes.length).fill(classes.length <= MOST_COUNTED ? 1 : 0)
  const isShallow = assignSlots(eventsByPosition(part), part.length).count < MANY_OPEN
  const first = isShallow ? { counted, beam: EVERY } : { counted: all, beam: BEAM }
  let frontier: Frontier = createFrontier(part, classes, first, budget)
  let found: FiringPath = { operations: new Int32Array(0), positions: new Int32Array(0) }
  let gaveUp = false

  const run = (steps: number): Progress => {
    if (gaveUp) return 'paused'
    const progress = frontier.run(steps)
    if (progress === 'violated' && frontier.dropped()) {
      frontier.release()
      frontier = createFrontier(part, classes, { counted, beam: EVERY }, budget)
      return 'paused'
    }
    if (progress !== 'met') return progress
    found = frontier.path()
    const overused = settleMembers(found, part, classes)
    if (overused.length === 0) return 'met'
    for (const c of overused) counted[c] = 1
    frontier.release()
    if (counted.reduce((sum, each) => sum + each, 0) > MOST_COUNTED) gaveUp = true
    else frontier = createFrontier(part, classes, { counted, beam: EVERY }, budget)
    return 'paused'
  }
  return {
    run,
    order: () => orderFromFirings(part, found),
    culpritReturn: () => frontier.culpritReturn(),
    release: () => frontier.release(),
  }
}

/**
 * In `path`, the first member of a class stands for every member that fired (took effect). Replaces the n-th such entry
 * of a class by the n-th member that was called. Returns the classes of which more members fired than had been called
 * at that time.
 */
function settleMembers(path: FiringPath, part: Encoded, classes: readonly OptionalClass[]): readonly number[] {
  const classOf = new Map(classes.map(({ members }, c) => [members[0], c]))
  const used = new Int32Array(classes.length)
  const overused = new Set<number>()
  for (let i = 0; i < path.operations.length; i++) {
    const c = classOf.get(path.operations[i])
    if (c === undefined) continue
    const { members } = classes[c]
    const member = members[used[c]]
    if (member === undefined || part.calls[member] > path.positions[i]) overused.add(c)
    else path.operations[i] = member
    used[c]++
  }
  return [...overused]
}
