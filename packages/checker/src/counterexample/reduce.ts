import type { Json } from '@chaos/history'
import { type Budget, inTime, ticking } from '../budget.ts'
import { type Encoded, NEVER, restrict } from '../encoded.ts'
import type { OrderRule } from '../linearizable/replay/replay.ts'
import { MOST_OPERATIONS, type Uncut } from '../verdict.ts'
import { shrink } from './shrink.ts'
import { createCompletion, isSupported, writtenValues } from './sources.ts'

/** A contradiction cut down to what it needs, as ascending indices into the history it was found in. */
export interface Reduced {
  /** Still contradictory, whatever else happened, unless that takes too many operations: then the core. */
  readonly shown: readonly number[]
  /** Still contradictory taken alone, and nothing more can be left out. A part of `shown`. */
  readonly core: ReadonlySet<number>
}

/** A budget that remembers which limit was reached while it was spent. */
export function watched(budget: Budget): {
  readonly budget: Budget
  readonly limit: () => 'time' | 'memory' | undefined
} {
  let isRefused = false
  return {
    budget: {
      ...budget,
      take: (bytes) => {
        const given = budget.take(bytes)
        isRefused ||= !given
        return given
      },
    },
    limit: () => (isRefused ? 'memory' : budget.expired() ? 'time' : undefined),
  }
}

/** What is shown of a contradiction that was cut down: no more than anybody could look at. */
export interface Limited {
  readonly shown: readonly number[]
  readonly core: ReadonlySet<number>
  readonly uncut: Uncut | undefined
}

export interface Limiting {
  /** How many operations it was found among. */
  readonly among: number
  /** Which limit was reached meanwhile, if one was. */
  readonly limit: 'time' | 'memory' | undefined
  /** Whether some of the operations contradict each other by themselves, found out without a look at the clock. */
  readonly makesSure: (some: readonly number[]) => boolean
}

/** Keeps to `MOST_OPERATIONS`: first the context goes, then what returned earliest. */
export function limit(
  { shown, core }: Reduced,
  { returns }: Pick<Encoded, 'returns'>,
  { among, limit, makesSure }: Limiting,
): Limited {
  if (shown.length <= MOST_OPERATIONS) {
    return { shown, core, uncut: limit && { why: limit, among, standsAlone: makesSure(shown) } }
  }
  const all = core.size <= MOST_OPERATIONS ? [...core] : shown.toSorted((a, b) => returns[a] - returns[b])
  const kept = all.slice(-MOST_OPERATIONS).sort((a, b) => a - b)
  const uncut: Uncut = { why: limit ?? 'size', among, standsAlone: makesSure(kept) }
  // A core that is shown without what it rests on is cut down all the same.
  const isWhole = core.size <= MOST_OPERATIONS && limit === undefined
  return { shown: kept, core: new Set(kept.filter((i) => core.has(i))), uncut: isWhole ? undefined : uncut }
}

export interface Contradiction {
  /** Up to the moment at which it was complete. */
  readonly operations: Encoded
  /**
   * The same operations with the returns they had in the end, where `operations` is cut before some of them: whoever
   * takes the core by itself sees those.
   */
  readonly settled?: Encoded
  readonly rule: OrderRule
  readonly jsonOf: (name: number) => Json
  /** Whether some of the operations contradict each other by themselves. */
  readonly contradicts: (some: Encoded) => boolean
  /** Where to begin, if a small contradictory set is known already. */
  readonly within?: readonly number[] | undefined
}

/** Context is shown up to this many operations. */
const MOST_SHOWN = 40

/** The last so many operations are tried first, then twice as many, and so on: small sets are also the quickest to judge. */
const FIRST_WINDOW = 4

/**
 * Cuts a contradiction down in two steps. First nothing is left out on which an observation that stays may rest (see
 * `createCompletion`), so that the operations shown are a true explanation. Among them the core is then found by leaving
 * out anything at all, except the last write of a value that is observed: a stale read must not turn into a read of
 * something never written.
 *
 * @throws OutOfTime where there is no time to begin.
 */
export function reduce(contradiction: Contradiction, budget: Budget): Reduced {
  const { operations, rule, jsonOf, contradicts } = contradiction
  const complete = createCompletion(operations, rule, jsonOf, budget)
  // Of the last set that was found contradictory.
  let completion: readonly number[] | undefined
  const contradictory = (some: readonly number[]): boolean => {
    const completed = complete(some)
    const holds = contradicts(restrict(operations, completed))
    if (holds) completion = completed
    return holds
  }
  const { within } = contradiction
  const start = within !== undefined && contradictory(within) ? within : window(operations, contradictory, budget)
  shrink(start, contradictory, budget)
  const shown = completion ?? complete(start)
  // A text may rest on all that may be a piece of it: none of those goes while a read of it stays.
  const isClosed = (some: readonly number[]): boolean => {
    const there = new Set(some)
    return complete(some).every((i) => there.has(i))
  }
  const core = inTime(
    () => coreOf(contradiction, shown, operations.hasAppend ? isClosed : undefined, budget),
    () => shown,
  )
  // What rests on so many operations is not shown in full: a person would not see the contradiction for them.
  return { shown: shown.length > MOST_SHOWN && core.length < shown.length ? core : shown, core: new Set(core) }
}

/** @throws OutOfTime */
function coreOf(
  { operations, settled = operations, contradicts }: Contradiction,
  shown: readonly number[],
  isClosed: ((some: readonly number[]) => boolean) | undefined,
  budget: Budget,
): readonly number[] {
  const written = writtenValues(operations, budget)
  const supports = isClosed ?? ((some) => isSupported(operations, some, written))
  return shrink(shown, (some) => supports(some) && contradicts(restrict(settled, some)), budget)
}

function window(operations: Encoded, enough: (last: readonly number[]) => boolean, budget: Budget): readonly number[] {
  const all = Array.from({ length: operations.length }, (_, i) => i)
  const byReturn = all.toSorted(ticking((a, b) => operations.returns[a] - operations.returns[b], budget))
  const completed = byReturn.filter((i) => operations.returns[i] !== NEVER)
  for (let size = FIRST_WINDOW; size < completed.length && !budget.expired(); size *= 2) {
    const last = completed.slice(-size)
    if (enough(last)) return last
  }
  return enough(completed) ? completed : all
}
