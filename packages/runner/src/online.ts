import { createOnlineChecker, type OnlineChecker } from '@chaosproxy/checker'
import type { Workload } from '@chaosproxy/workloads'

/** Judges a history while it is recorded, if its model can; otherwise never reports a certain violation. */
export function onlineCheckerFor({ model, initial }: Workload): OnlineChecker {
  if (model === 'register') return createOnlineChecker({ model, initial, failedCas: 'drop' })
  return { push: () => undefined, soFar: () => 'not certain', violation: () => undefined, retained: () => 0 }
}
