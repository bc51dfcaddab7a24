import { createOnlineChecker, type OnlineChecker } from '@chaos/checker'
import type { Workload } from '@chaos/workloads'

/** Judges a history while it is recorded, where there is a way to; otherwise it is never certain. */
export function onlineCheckerFor({ model, initial }: Workload): OnlineChecker {
  if (model === 'register') return createOnlineChecker({ model, initial, failedCas: 'drop' })
  return { push: () => undefined, soFar: () => 'not certain', violation: () => undefined, retained: () => 0 }
}
