import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { FAIL, type History, OK } from '@chaosproxy/history'
import { effectOf, hasReturned, isSameClient } from './operation-words.ts'

/** How long a client had a lock: from the answer of its acquire to the call of its release. */
export interface Holding {
  readonly acquire: OperationRow
  /** Its first attempt to release it, whatever came of that: afterwards the client may have known better. */
  readonly release: OperationRow | undefined
}

/** Two clients that had one lock at the same time. */
export interface DoubleHolding {
  readonly first: Holding
  /** The one that should not have been given it. */
  readonly second: Holding
  /** Nanoseconds from the second grant to the first release; undefined if there was none. */
  readonly nanos: number | undefined
}

const isAcquire = (history: History, row: OperationRow): boolean => effectOf(history, row) === 'acquires'

const isRelease = (history: History, row: OperationRow): boolean => effectOf(history, row) === 'releases'

/** The holdings among the operations of a counterexample; empty if it is not about a lock. */
export function holdingsOf(history: History, { operations }: Counterexample): readonly Holding[] {
  const rows = operations.map(({ operation }) => operation)
  if (!rows.every((row) => isAcquire(history, row) || isRelease(history, row))) return []
  return rows
    .filter((row) => isAcquire(history, row) && history.operations.outcome[row] === OK)
    .map((acquire) => ({ acquire, release: releaseOf(history, acquire) }))
}

function releaseOf(history: History, acquire: OperationRow): OperationRow | undefined {
  const { length, key, callEvent, returnEvent } = history.operations
  const answered = returnEvent[acquire] ?? 0
  let first: OperationRow | undefined
  for (let row = 0; row < length; row++) {
    if (key[row] !== key[acquire] || (callEvent[row] ?? 0) < answered || !isRelease(history, row)) continue
    if (!isSameClient(history, row, acquire)) continue
    if (first === undefined || (callEvent[row] ?? 0) < (callEvent[first] ?? 0)) first = row
  }
  return first
}

/** The two that the culprit made: its own, and one that lasted beyond the moment it was given the lock. */
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
 * Who still had the lock when the culprit was given it, since every attempt to release it had failed: less than
 * `doubleHolding` says, since that client may have known better by then.
 */
export function unreleasedBefore(history: History, counterexample: Counterexample): Holding | undefined {
  const { key, callEvent, returnEvent, outcome, length } = history.operations
  const { culprit } = counterexample
  const holdings = holdingsOf(history, counterexample)
  if (culprit === undefined || !holdings.some(({ acquire }) => acquire === culprit)) return undefined
  const given = returnEvent[culprit] ?? 0
  const isFreed = (acquire: OperationRow): boolean => {
    for (let row = 0; row < length; row++) {
      const called = callEvent[row] ?? 0
      const frees = key[row] === key[acquire] && isRelease(history, row) && outcome[row] !== FAIL
      if (frees && isSameClient(history, row, acquire) && called >= (returnEvent[acquire] ?? 0) && called < given)
        return true
    }
    return false
  }
  return holdings.find(({ acquire }) => acquire !== culprit && (returnEvent[acquire] ?? 0) < given && !isFreed(acquire))
}
