import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { FAIL, type History, OK } from '@chaosproxy/history'
import { functionOf, hasReturned } from './operation-words.ts'

/** How long a client had a lock: from the answer of its acquire to the call of its release. */
export interface Holding {
  readonly acquire: OperationRow
  /** Undefined if it did not release it, as far as the counterexample tells. */
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

const isAcquire = (history: History, row: OperationRow): boolean =>
  ['acquire', 'lock'].includes(functionOf(history, row))

const isRelease = (history: History, row: OperationRow): boolean =>
  ['release', 'unlock'].includes(functionOf(history, row))

/** The holdings among the operations of a counterexample; empty if it is not about a lock. */
export function holdingsOf(history: History, { operations }: Counterexample): readonly Holding[] {
  const rows = operations.map(({ operation }) => operation)
  if (!rows.every((row) => isAcquire(history, row) || isRelease(history, row))) return []
  const { process, outcome, callEvent, returnEvent, key } = history.operations
  const client = (row: OperationRow): number => history.sessionOf(process[row] ?? 0)
  return rows
    .filter((row) => isAcquire(history, row) && outcome[row] === OK)
    .map((acquire) => ({
      acquire,
      release: rows
        .filter((row) => isRelease(history, row) && outcome[row] !== FAIL && key[row] === key[acquire])
        .filter((row) => client(row) === client(acquire) && (callEvent[row] ?? 0) > (returnEvent[acquire] ?? 0))
        .sort((a, b) => (callEvent[a] ?? 0) - (callEvent[b] ?? 0))[0],
    }))
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
