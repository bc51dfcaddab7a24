import type { Json } from '@chaosproxy/history'
import { type Encoded, NEVER, restrict } from '../../encoding/encoded.ts'
import { type Budget, ticking } from '../../limits/budget.ts'
import { shrink } from '../../search/shrink.ts'
import { MOST_OPERATIONS, type Uncut } from '../../verdict/verdict.ts'
import type { OrderRule } from '../replay/replay.ts'
import { createCompletion } from './sources.ts'

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

/** The part of a core to show: no more than a person could read. */
export interface Limited {
  readonly shown: readonly number[]
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

/** Keeps to `MOST_OPERATIONS`: what returned earliest goes. */
export function limit(
  core: readonly number[],
  { returns }: Pick<Encoded, 'returns'>,
  { among, limit, makesSure }: Limiting,
): Limited {
  if (core.length <= MOST_OPERATIONS)
    return { shown: core, uncut: limit && { why: limit, among, standsAlone: makesSure(core) } }
  const kept = core
    .toSorted((a, b) => returns[a] - returns[b])
    .slice(-MOST_OPERATIONS)
    .sort((a, b) => a - b)
  return { shown: kept, uncut: { why: limit ?? 'size', among, standsAlone: makesSure(kept) } }
}

export interface Contradiction {
  /** As they were when the contradiction was complete. */
  readonly operations: Encoded
  readonly rule: OrderRule
  readonly jsonOf: (name: number) => Json
  /** Whether some of the operations are contradictory by themselves. */
  readonly contradicts: (some: Encoded) => boolean
  /** Where to begin, if a small contradictory set is already known. */
  readonly within?: readonly number[] | undefined
}

/** Size of the first window of last operations; doubles until contradictory. Small sets are judged quickest. */
const FIRST_WINDOW = 4

/**
 * Reduces a contradiction to a core, which is contradictory whatever else happened: with each observation it has
 * everything that this may depend on (see `createCompletion`), and without any one of its operations that is no longer so,
 * or there is no contradiction left. Ascending indices into the history it was found in.
 *
 * @throws OutOfTime if there is no time to begin.
 */
export function reduce(contradiction: Contradiction, budget: Budget): readonly number[] {
  const { operations, rule, jsonOf, contradicts, within } = contradiction
  const complete = createCompletion(operations, rule, jsonOf, budget)
  // The completion of the last set found contradictory.
  let completion: readonly number[] | undefined
  const contradictory = (some: readonly number[]): boolean => {
    const completed = complete(some)
    const holds = contradicts(restrict(operations, completed))
    if (holds) completion = completed
    return holds
  }
  const start = within !== undefined && contradictory(within) ? within : window(operations, contradictory, budget)
  shrink(start, contradictory, budget)
  const isClosed = (some: readonly number[]): boolean => {
    const there = new Set(some)
    return complete(some).every((i) => there.has(i))
  }
  return shrink(
    completion ?? complete(start),
    (some) => isClosed(some) && contradicts(restrict(operations, some)),
    budget,
  )
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
