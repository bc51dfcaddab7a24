import type { Json } from '@chaosproxy/history'
import { type Encoded, NEVER, restrict } from '../../encoding/encoded.ts'
import { type Budget, inTime, ticking } from '../../limits/budget.ts'
import { shrink } from '../../search/shrink.ts'
import { MOST_OPERATIONS, type Uncut } from '../../verdict/verdict.ts'
import type { OrderRule } from '../replay/replay.ts'
import { createCompletion, isSupported, writtenValues } from './sources.ts'

/** A contradiction reduced to what it needs, as ascending indices into the history it was found in. */
export interface Reduced {
  /** Contradictory whatever else happened, unless that takes too many operations: then equal to the core. */
  readonly shown: readonly number[]
  /** Contradictory by itself and irreducible. A part of `shown`. */
  readonly core: ReadonlySet<number>
}

/** A budget that remembers which limit was reached while it was used. */
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
    limit: () => (isRefused ? 'memory' : budget.expired(0) ? 'time' : undefined),
  }
}

/** The part of a reduced contradiction to show: no more than a person could read. */
export interface Limited {
  readonly shown: readonly number[]
  readonly core: ReadonlySet<number>
  readonly uncut: Uncut | undefined
}

export interface Limiting {
  /** The number of operations it was found among. */
  readonly among: number
  /** The limit that was reached meanwhile, if any. */
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
  // A core that is shown without its context is cut down all the same.
  const isWhole = core.size <= MOST_OPERATIONS && limit === undefined
  return { shown: kept, core: new Set(kept.filter((i) => core.has(i))), uncut: isWhole ? undefined : uncut }
}

export interface Contradiction {
  /** As they were when the contradiction was complete. */
  readonly operations: Encoded
  /** The same operations with their final returns, where `operations` is cut: readers of the core see those. */
  readonly settled?: Encoded
  readonly rule: OrderRule
  readonly jsonOf: (name: number) => Json
  /** Whether some of the operations are contradictory by themselves. */
  readonly contradicts: (some: Encoded) => boolean
  /** Where to begin, if a small contradictory set is already known. */
  readonly within?: readonly number[] | undefined
}

/** Context is shown up to this many operations. */
const MOST_SHOWN = 40

/** Size of the first window of last operations; doubles until contradictory. Small sets are judged quickest. */
const FIRST_WINDOW = 4

/**
 * Reduces a contradiction in two steps. The first keeps everything that a remaining observation may depend on (see
 * `createCompletion`), so that the operations shown are a true explanation. The second finds the core by removing any
 * of them, except the last write of an observed value: a stale read must not turn into a read of something never
 * written.
 *
 * @throws OutOfTime if there is no time to begin.
 */
export function reduce(contradiction: Contradiction, budget: Budget): Reduced {
  const { operations, rule, jsonOf, contradicts } = contradiction
  const complete = createCompletion(operations, rule, jsonOf, budget)
  // The completion of the last set found contradictory.
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
  // A text depends on every operation that may have contributed a piece: none of these is removed while a read of it
  // remains.
  const isClosed = (some: readonly number[]): boolean => {
    const there = new Set(some)
    return complete(some).every((i) => there.has(i))
  }
  const core = inTime(
    () => coreOf(contradiction, shown, operations.hasAppend ? isClosed : undefined, budget),
    () => shown,
  )
  // If an explanation has this many operations, show only the core: otherwise a person could not find the contradiction
  // in it.
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
  for (let size = FIRST_WINDOW; size < completed.length && !budget.expired(size); size *= 2) {
    const last = completed.slice(-size)
    if (enough(last)) return last
  }
  return enough(completed) ? completed : all
}
