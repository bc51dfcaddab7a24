import { CAS, DIFFERS, type Encoded, READ, WRITE } from '../../../encoding/encoded.ts'
import type { Budget, Progress } from '../../../limits/budget.ts'
import { ones } from '../../../search/beam.ts'
import { assignSlots } from '../../../search/events.ts'
import { createUsage, NOTHING_USED } from '../../../search/usage.ts'
import { createFewOpen, KINDS, MOST_OPEN } from '../open/narrow-open.ts'
import { eventsByPosition } from '../open/open.ts'
import { createOptionalOperations, optionalClasses } from '../open/optional.ts'
import type { Search } from '../search/search.ts'
import { createAllowance } from './allowance.ts'
import { createFirings, orderFromFirings } from './firings.ts'
import { DONE, HIDEABLE, NODE, push, USED, WORDS } from './narrow-configurations.ts'
import { createExpansion } from './narrow-expand.ts'

/** The number of configurations followed at first; the others are deferred. */
const BEAM = 4
export const EVERY: number = Number.POSITIVE_INFINITY

/** The number of steps without progress after which the search starts over with more configurations. */
const STRAY_STEPS = 1024

/**
 * The highest limit on the number of followed configurations. If some outcomes are unknown, each restart doubles the
 * limit, because following all configurations takes long. The restart after `MOST_FOLLOWED` follows all. If all
 * outcomes are known, the first restart follows all.
 */
const MOST_FOLLOWED = 128

/** With more live configurations, some are deferred. Bounded because a score and an index share one word. */
const MOST_RANKED = 2 ** 16
const MOST_SCORE = 2 ** 14

/**
 * The maximum number of classes of operations of unknown outcome (see `OptionalClass`). With more classes, it takes too
 * long to count how many operations of each class are used.
 */
const MOST_CLASSES = 64

/**
 * Creates the frontier search (see `createFrontier` for its rules) for the most frequent case: at most 32 operations
 * open at once, and no append. A set of open operations is then one 32-bit word, and a configuration is `WORDS` words.
 * When an operation is called, no configuration changes. Operations that leave the state as it is, such as reads of the
 * current value, are marked as done once the state changes.
 *
 * At first the search follows only `followed` configurations, because one explanation is enough. If an explanation is
 * hard to find, it follows more, and finally all.
 *
 * Returns undefined for histories with appends, with more than 32 operations open at once, or with more than
 * `MOST_CLASSES` classes of operations of unknown outcome (see `OptionalClass`).
 */
export function createNarrowFrontier(part: Encoded, budget: Budget, followed: number = BEAM): Search | undefined {
  if (part.hasAppend) return undefined
  const classes = optionalClasses(part, part.expects, part.writes)
  if (classes.length > MOST_CLASSES) return undefined
  const events = eventsByPosition(part)
  if (assignSlots(events, part.length).count > MOST_OPEN) return undefined
  for (const { members } of classes) for (const member of members) events[part.calls[member]] = member + 1

  const bytes = 4 * (events.length + 2 * part.length + 5 * part.values)
  const affordable = budget.take(bytes)
  const allowance = createAllowance(budget)
  if (!affordable) allowance.exceed()
  const firings = createFirings(budget)
  const open = createFewOpen(part)
  const optional = createOptionalOperations(classes, part)
  const { classOf, called } = optional
  const usage = createUsage(classes.length, budget)
  const expansion = createExpansion(part, open, { ...optional, usage }, firings, allowance)
  const { live } = expansion
  const { sets, masks } = open

  let beam = followed
  // Configurations put off for later, each with the event at which the walk resumes it.
  let putOff = new Int32Array(64 * (WORDS + 1))
  let putOffCount = 0
  // `ranks`: the live configurations, each with its score in the upper half of a word and its index in the lower half.
  // `best`: those that stay live.
  let ranks = new Int32Array(64)
  const best = new Int32Array(Math.max(MOST_FOLLOWED, followed === EVERY ? 0 : followed) * WORDS)
  let at = 0
  let returning = -1
  let furthest = -1
  let strayed = 0

  const begin = (): void => {
    live.count = 0
    push(live, allowance, part.initial, 0, 0, NOTHING_USED, -1)
  }

  /** Returns a score; lower is better. Each outstanding operation and each used optional operation raises it. */
  const scoreOf = (base: number): number => {
    const { words } = live
    const state = words[base]
    const holding = masks[state * KINDS + READ] | (sets[DIFFERS] & ~masks[state * KINDS + DIFFERS])
    const done = words[base + DONE] | holding
    const unhideable = sets[WRITE] & ~(words[base + HIDEABLE] | masks[state * KINDS + WRITE])
    return (
      2 * ones((sets[READ] | sets[DIFFERS]) & ~done) +
      ones(sets[CAS] & ~done) +
      ones(sets[WRITE] & done) +
      2 * ones(unhideable) +
      usage.total(words[base + USED])
    )
  }

  /** Defers all but the `beam` best configurations. The worst are deferred first. */
  const narrow = (): void => {
    const { words, count } = live
    if (count > ranks.length) ranks = new Int32Array(2 * count)
    for (let c = 0; c < count; c++) ranks[c] = (Math.min(scoreOf(c * WORDS), MOST_SCORE) << 16) | c
    const ranked = ranks.subarray(0, count).sort()
    for (let rank = count - 1; rank >= beam; rank--) {
      const from = (ranked[rank] & (MOST_RANKED - 1)) * WORDS
      const to = putOffCount++ * (WORDS + 1)
      if (to === putOff.length) putOff = allowance.doubled(putOff)
      for (let word = 0; word < WORDS; word++) putOff[to + word] = words[from + word]
      putOff[to + WORDS] = at
    }
    for (let rank = 0; rank < beam; rank++) {
      const from = (ranked[rank] & (MOST_RANKED - 1)) * WORDS
      for (let word = 0; word < WORDS; word++) best[rank * WORDS + word] = words[from + word]
    }
    for (let word = 0; word < beam * WORDS; word++) words[word] = best[word]
    live.count = beam
  }

  const call = (operation: number): void => {
    const c = classOf[operation]
    if (c === -1) open.add(operation)
    else called[c]++
  }

  const rewind = (position: number): void => {
    expansion.end()
    returning = -1
    while (at > position) {
      const event = events[--at]
      if (event < 0) open.restore(-event - 1)
      else if (event > 0) {
        const c = classOf[event - 1]
        if (c === -1) open.remove(event - 1)
        else called[c]--
      }
    }
  }

  /**
   * Resumes the configuration that was deferred last. After too many steps without progress, starts over with a larger
   * beam instead. Returns false, and does neither, if no configuration is deferred.
   */
  const comeBack = (): boolean => {
    if (putOffCount === 0) return false
    if (strayed > STRAY_STEPS) {
      beam = classes.length > 0 && beam < MOST_FOLLOWED ? 2 * beam : EVERY
      strayed = 0
      putOffCount = 0
      rewind(0)
      begin()
      return true
    }
    const from = --putOffCount * (WORDS + 1)
    rewind(putOff[from + WORDS])
    for (let word = 0; word < WORDS; word++) live.words[word] = putOff[from + word]
    live.count = 1
    return true
  }

  /** Handles the calls before the next return, and begins to expand this return. Returns false if no return is left. */
  const advance = (): boolean => {
    for (; at < events.length; at++) {
      const event = events[at]
      if (event > 0) call(event - 1)
      else if (event < 0) {
        if (at > furthest) {
          furthest = at
          strayed = 0
        }
        returning = -event - 1
        expansion.begin(returning)
        return true
      }
    }
    return false
  }

  const run = (steps: number): Progress => {
    for (let left = steps; !allowance.isExceeded(); ) {
      if (returning !== -1) {
        const before = left
        left = expansion.run(left)
        strayed += before - left
        if (allowance.isExceeded()) break
        if (!expansion.isDone()) return 'paused'
        if (live.count === 0) {
          if (comeBack()) continue
          return 'violated'
        }
        open.remove(returning)
        expansion.end()
        returning = -1
        at++
        if (live.count > beam && live.count <= MOST_RANKED) narrow()
      }
      if (left <= 0) return 'paused'
      if (!advance()) return 'met'
      left--
    }
    return 'out of memory'
  }

  begin()
  return {
    run,
    order: () => orderFromFirings(part, firings.path(live.words[NODE])),
    culpritReturn: () => furthest,
    release: () => {
      firings.release()
      usage.release()
      allowance.release()
      if (affordable) budget.giveBack(bytes)
    },
  }
}
