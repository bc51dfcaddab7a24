import { createOnlineChecker, type OnlineChecker, onlineModel } from '@chaosproxy/checker'
import type { Workload } from '@chaosproxy/workloads'

/**
 * Judges a history while it is recorded, if its model can; otherwise never reports a certain violation. It never
 * throws: at an event that the checker cannot take it stops judging, and leaves the history to the check at the end,
 * which says what is wrong with it.
 */
export function onlineCheckerFor({ model, initial }: Pick<Workload, 'model' | 'initial'>): OnlineChecker {
  const known = onlineModel(model)
  if (known === undefined) return uncertain('objects of this kind are judged only at the end')
  return untilItThrows(createOnlineChecker({ model: known, initial }))
}

const uncertain = (why: string): OnlineChecker => ({
  push: () => undefined,
  soFar: () => 'not certain',
  violation: () => undefined,
  doubt: () => why,
  retained: () => 0,
})

function untilItThrows(checker: OnlineChecker): OnlineChecker {
  let current = checker
  return {
    push(event) {
      try {
        return current.push(event)
      } catch (error) {
        current = uncertain(error instanceof Error ? error.message : String(error))
        return undefined
      }
    },
    soFar: () => current.soFar(),
    violation: () => current.violation(),
    doubt: () => current.doubt(),
    retained: () => current.retained(),
  }
}
