import type { Counterexample } from '@chaosproxy/checker'
import { duration, type History, hasTimes } from '@chaosproxy/history'
import { type FaultSpan, leaseOfHeader } from '@chaosproxy/runner/result'
import { doubleHolding, unreleasedBefore } from './holdings.ts'
import { processInWords } from './operation-words.ts'
import { capitalised } from './words.ts'

/** The lock of a counterexample that two clients hold, if it is one that lasts only so long. */
function leaseOf(history: History, counterexample: Counterexample) {
  const lease = leaseOfHeader(history.header)
  const holding = doubleHolding(history, counterexample)?.first ?? unreleasedBefore(history, counterexample)
  const { culprit } = counterexample
  if (lease === undefined || !hasTimes(history) || holding === undefined || culprit === undefined) return undefined
  return { lease, acquire: holding.acquire, culprit }
}

/** The change of a clock that may have ended a lock too early, though less time had passed than it was for. */
export function clockOfLease(
  history: History,
  counterexample: Counterexample,
  spans: readonly FaultSpan[],
): FaultSpan | undefined {
  const held = leaseOf(history, counterexample)
  const lostAt = held === undefined ? 0 : (history.operations.returnTime[held.culprit] ?? 0)
  if (leaseSentence(history, counterexample) !== '') return undefined
  return spans.findLast(({ kind, hits, from }) => kind === 'clock' && hits !== 0 && from < lostAt)
}

/**
 * Why two clients may have thought to hold a lock, where it lasts only so long: `Process 1's lock was for 300 ms
 * (lock-ms), which had passed.` Empty if less had passed, or if nobody knows how long it was for.
 */
export function leaseSentence(history: History, counterexample: Counterexample): string {
  const held = leaseOf(history, counterexample)
  if (held === undefined) return ''
  const { lease, acquire, culprit } = held
  const { callTime, returnTime, process } = history.operations
  const lost = returnTime[culprit] ?? 0
  // It was granted at some moment between the two.
  const [most, least] = [lost - (callTime[acquire] ?? 0), lost - (returnTime[acquire] ?? 0)]
  if (most < lease.nanos) return ''
  const had = least < lease.nanos ? 'may have passed' : 'had passed'
  const holder = capitalised(processInWords(history, process[acquire] ?? 0))
  return `${holder}'s lock was for ${duration(lease.nanos)} (${lease.setting}), which ${had}.`
}
