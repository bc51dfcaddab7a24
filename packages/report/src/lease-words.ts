import type { Counterexample } from '@chaosproxy/checker'
import { duration, type History } from '@chaosproxy/history'
import { leaseOfHeader } from '@chaosproxy/runner/result'
import { doubleHolding, unreleasedBefore } from './holdings.ts'
import { hasTimes } from './moments.ts'
import { processInWords } from './operation-words.ts'
import { capitalised } from './words.ts'

/**
 * Why two clients may have thought to hold a lock, where it lasts only so long: `Process 1's lock was for 300 ms
 * (lock-ms), which had passed.` Empty if less had passed, or if nobody knows how long it was for.
 */
export function leaseSentence(history: History, counterexample: Counterexample): string {
  const lease = leaseOfHeader(history.header)
  if (lease === undefined || !hasTimes(history)) return ''
  const holding = doubleHolding(history, counterexample)?.first ?? unreleasedBefore(history, counterexample)
  const { culprit } = counterexample
  if (holding === undefined || culprit === undefined) return ''
  const { acquire } = holding
  const { callTime, returnTime, process } = history.operations
  const lost = returnTime[culprit] ?? 0
  // It was granted at some moment between the two.
  const [most, least] = [lost - (callTime[acquire] ?? 0), lost - (returnTime[acquire] ?? 0)]
  if (most < lease.nanos) return ''
  const had = least < lease.nanos ? 'may have passed' : 'had passed'
  const holder = capitalised(processInWords(history, process[acquire] ?? 0))
  return `${holder}'s lock was for ${duration(lease.nanos)} (${lease.setting}), which ${had}.`
}
