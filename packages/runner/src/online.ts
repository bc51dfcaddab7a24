import { createOnlineChecker, type OnlineChecker, onlineModel } from '@chaosproxy/checker'
import type { Header } from '@chaosproxy/history'
import type { Workload } from '@chaosproxy/workloads'

/** What is judged. */
export interface JudgedHistory extends Pick<Workload, 'model' | 'initial'> {
  /** How it came to its values, as in its header. */
  readonly mapping?: Header['mapping']
}

/**
 * Judges a history while it is recorded, if its model can; otherwise never reports a certain violation. It never
 * throws: at an event that the checker cannot take it stops judging, and leaves the history to the check at the end,
 * which says what is wrong with it.
 */
export function onlineCheckerFor({ model, initial, mapping }: JudgedHistory): OnlineChecker {
  const known = onlineModel(model)
  if (known === undefined) return uncertain('objects of this kind are judged only at the end')
  try {
    return untilItThrows(createOnlineChecker({ model: known, initial, byRoutes: mapping === 'routes' }))
  } catch (error) {
    // Such as an initial value that the objects cannot have.
    return uncertain(whyOf(error))
  }
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
        current = uncertain(whyOf(error))
        return undefined
      }
    },
    soFar: () => current.soFar(),
    violation: () => current.violation(),
    doubt: () => current.doubt(),
    retained: () => current.retained(),
  }
}

const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
