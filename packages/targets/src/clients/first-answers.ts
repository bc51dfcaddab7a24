import { UserError } from '@chaosproxy/history'

/** Watches a client of the user's own until it has answered once: one that never does proves nothing. */
export interface FirstAnswers {
  answered(): void
  failed(why: string): void
}

/** So many in a row without one answer, and the client is more likely to be wrong than the system. */
const MOST = 50

export function createFirstAnswers(named: string, broke: (error: UserError) => void): FirstAnswers {
  let failures = 0
  let hasAnswered = false
  return {
    answered() {
      hasAnswered = true
    },
    failed(why) {
      if (hasAnswered) return
      failures++
      if (failures === MOST)
        broke(
          new UserError(
            'input',
            `${named} has answered none of its first ${MOST} operations. What became of the last: ${why}`,
          ),
        )
    },
  }
}
