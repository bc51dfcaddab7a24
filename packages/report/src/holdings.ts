import type { Counterexample } from '@chaosproxy/checker'
import { type Holding, holdingOf } from '@chaosproxy/checker/effects'
import { type History, OK } from '@chaosproxy/history'
import { effectOf, hasReturned, rowsOf } from './operation-words.ts'

/** Two clients that held one lock at the same time. */
export interface DoubleHolding {
  readonly first: Holding
  readonly second: Holding
  /** Nanoseconds from the second grant to the first release, if there is one. */
  readonly nanos: number | undefined
}

/** Returns the holdings in a counterexample about a lock. */
export function holdingsOf(history: History, counterexample: Counterexample): readonly Holding[] {
  const rows = rowsOf(counterexample)
  if (!rows.every((row) => ['acquires', 'releases'].includes(effectOf(history, row) ?? ''))) return []
  return rows
    .filter((row) => effectOf(history, row) === 'acquires' && history.operations.outcome[row] === OK)
    .map((acquire) => holdingOf(history, acquire))
}

/** Returns the culprit's holding of the lock, and another holding that was not over when the culprit's began. */
export function doubleHolding(history: History, counterexample: Counterexample): DoubleHolding | undefined {
  const holdings = holdingsOf(history, counterexample)
  const second = holdings.find(({ acquire }) => acquire === counterexample.culprit)
  if (second === undefined || !hasReturned(history, second.acquire)) return undefined
  const { callEvent, returnEvent, callTime, returnTime } = history.operations
  const given = returnEvent[second.acquire] ?? 0
  const first = holdings.find(
    ({ acquire, release }) =>
      (returnEvent[acquire] ?? 0) < given && (release === undefined || (callEvent[release] ?? 0) > given),
  )
  if (first === undefined) return undefined
  const ends = [first.release, second.release].flatMap((row) => (row === undefined ? [] : [callTime[row] ?? 0]))
  const nanos = ends.length === 0 ? undefined : Math.min(...ends) - (returnTime[second.acquire] ?? 0)
  return { first, second, nanos }
}

/**
 * Returns a holding whose releases all failed before the culprit got the lock. Its client may have known that it had
 * lost the lock.
 */
export function unreleasedBefore(history: History, counterexample: Counterexample): Holding | undefined {
  const { callEvent, returnEvent } = history.operations
  const { culprit } = counterexample
  const holdings = holdingsOf(history, counterexample)
  if (culprit === undefined || !holdings.some(({ acquire }) => acquire === culprit)) return undefined
  const given = returnEvent[culprit] ?? 0
  return holdings.find(
    ({ acquire, freed }) =>
      acquire !== culprit &&
      (returnEvent[acquire] ?? 0) < given &&
      (freed === undefined || (callEvent[freed] ?? 0) >= given),
  )
}
