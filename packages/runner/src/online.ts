import { createOnlineChecker, type OnlineChecker } from '@chaosproxy/checker'
import type { Workload } from '@chaosproxy/workloads'

/**
 * Judges a history while it is recorded, if its model can; otherwise never reports a certain violation. It never
 * throws: at an event that the checker cannot take it stops judging, and leaves the history to the check at the end,
 * which says what is wrong with it.
 */
export function onlineCheckerFor({ model, initial }: Pick<Workload, 'model' | 'initial'>): OnlineChecker {
  return model === 'register' ? untilItThrows(createOnlineChecker({ model, initial, failedCas: 'drop' })) : UNCERTAIN
}

const UNCERTAIN: OnlineChecker = {
  push: () => undefined,
  soFar: () => 'not certain',
  violation: () => undefined,
  retained: () => 0,
}

function untilItThrows(checker: OnlineChecker): OnlineChecker {
  let current = checker
  return {
    push(event) {
      try {
        return current.push(event)
      } catch {
        current = UNCERTAIN
        return undefined
      }
    },
    soFar: () => current.soFar(),
    violation: () => current.violation(),
    retained: () => current.retained(),
  }
}
