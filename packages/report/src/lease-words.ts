import type { Counterexample } from '@chaosproxy/checker'
import { duration, type History, hasTimes } from '@chaosproxy/history'
import { type FaultSpan, leaseOfHeader } from '@chaosproxy/runner/result'
import { doubleHolding, unreleasedBefore } from './holdings.ts'
import { callTimeOf, clientOfInWords, returnTimeOf } from './operation-words.ts'
import { capitalised } from './words.ts'

/**
 * If two clients held a lock at the same time, returns the lock's lease, the first client's acquisition, and the
 * culprit. Undefined if the counterexample shows no such lock, or if the lock has no lease.
 */
function leaseOf(history: History, counterexample: Counterexample) {
  const lease = leaseOfHeader(history.header)
  const holding = doubleHolding(history, counterexample)?.first ?? unreleasedBefore(history, counterexample)
  const { culprit } = counterexample
  if (lease === undefined || !hasTimes(history) || holding === undefined || culprit === undefined) return undefined
  return { lease, acquire: holding.acquire, culprit }
}

/** Returns the clock fault that may have ended a lease early. */
export function clockOfLease(
  history: History,
  counterexample: Counterexample,
  spans: readonly FaultSpan[],
): FaultSpan | undefined {
  const held = leaseOf(history, counterexample)
  const lostAt = held === undefined ? 0 : returnTimeOf(history, held.culprit)
  if (leaseSentence(history, counterexample) !== '') return undefined
  return spans.findLast(({ kind, hits, from }) => kind === 'clock' && hits !== 0 && from < lostAt)
}

/**
 * Returns a sentence about the first lease of a lock that was held twice: `Process 1's lock was for 300 ms (lock-ms),
 * which had passed.` After the end of a lease, its holder may still believe that it holds the lock. Empty if the lease
 * certainly had not ended, or if its duration is unknown.
 */
export function leaseSentence(history: History, counterexample: Counterexample): string {
  const held = leaseOf(history, counterexample)
  if (held === undefined) return ''
  const { lease, acquire, culprit } = held
  const lost = returnTimeOf(history, culprit)
  // The lease began at an unknown time between the call and the return of the acquisition.
  const [most, least] = [lost - callTimeOf(history, acquire), lost - returnTimeOf(history, acquire)]
  if (most < lease.nanos) return ''
  const had = least < lease.nanos ? 'may have passed' : 'had passed'
  const holder = capitalised(clientOfInWords(history, acquire))
  return `${holder}'s lock was for ${duration(lease.nanos)} (${lease.setting}), which ${had}.`
}
