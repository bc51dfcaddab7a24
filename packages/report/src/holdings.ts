import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { firstOfClient, type Holding, holdingOf } from '@chaosproxy/checker/effects'
import type { History } from '@chaosproxy/history'
import {
  callEventOf,
  callTimeOf,
  effectOf,
  hasReturned,
  isOk,
  returnEventOf,
  returnTimeOf,
  rowsOf,
} from './operation-words.ts'

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
    .filter((row) => effectOf(history, row) === 'acquires' && isOk(history, row))
    .map((acquire) => holdingOf(history, acquire))
}

/**
 * Returns two periods in which different clients held the lock. The second period began with the operation that
 * violates the level, before the first period had ended.
 */
export function doubleHolding(history: History, counterexample: Counterexample): DoubleHolding | undefined {
  const holdings = holdingsOf(history, counterexample)
  const second = holdings.find(({ acquire }) => acquire === counterexample.culprit)
  if (second === undefined || !hasReturned(history, second.acquire)) return undefined
  const given = returnEventOf(history, second.acquire)
  const first = holdings.find(
    ({ acquire, release }) =>
      returnEventOf(history, acquire) < given && (release === undefined || callEventOf(history, release) > given),
  )
  if (first === undefined) return undefined
  const ends = [first.release, second.release].flatMap((row) => (row === undefined ? [] : [callTimeOf(history, row)]))
  const nanos = ends.length === 0 ? undefined : Math.min(...ends) - returnTimeOf(history, second.acquire)
  return { first, second, nanos }
}

/** Counts the grants of a lock that another client had been given before, and had not tried to release. */
export function countDoubleGrants(history: History): number {
  const { length, key, process } = history.operations
  const client = firstOfClient(history)
  const moments: { readonly at: number; readonly row: OperationRow; readonly isGrant: boolean }[] = []
  for (let i = 0; i < length; i++) {
    const row = i as OperationRow
    const effect = effectOf(history, row)
    if (effect === 'acquires' && isOk(history, row))
      moments.push({ at: returnEventOf(history, row), row, isGrant: true })
    if (effect === 'releases') moments.push({ at: callEventOf(history, row), row, isGrant: false })
  }
  const holders = new Map<number, Set<number>>()
  let count = 0
  for (const { row, isGrant } of moments.sort((a, b) => a.at - b.at)) {
    const held = holders.get(key[row] ?? -1) ?? new Set()
    holders.set(key[row] ?? -1, held)
    const own = client(process[row] ?? -1)
    if (isGrant && held.size > (held.has(own) ? 1 : 0)) count += 1
    if (isGrant) held.add(own)
    else held.delete(own)
  }
  return count
}

/**
 * Returns a holding whose releases all failed before the culprit got the lock. Its client may have known that it had
 * lost the lock.
 */
export function unreleasedBefore(history: History, counterexample: Counterexample): Holding | undefined {
  const { culprit } = counterexample
  const holdings = holdingsOf(history, counterexample)
  if (culprit === undefined || !holdings.some(({ acquire }) => acquire === culprit)) return undefined
  const given = returnEventOf(history, culprit)
  return holdings.find(
    ({ acquire, freed }) =>
      acquire !== culprit &&
      returnEventOf(history, acquire) < given &&
      (freed === undefined || callEventOf(history, freed) >= given),
  )
}
