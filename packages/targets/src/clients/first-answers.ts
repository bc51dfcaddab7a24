import { inputError, type UserError } from '@chaosproxy/history'
import type { Request } from '@chaosproxy/runner'

/** The name prefix of sessions that wait for a cluster to serve. */
export const BEFORE = 'before-'

/** Watches a user's client until its first answer, because a client that never answers proves nothing. */
export interface FirstAnswers {
  answered(): void
  failed(request: Request, why: string): void
}

/** After this number of operations without any answer, the client is reported as broken. */
const MOST = 50

export function createFirstAnswers(named: string, broke: (error: UserError) => void): FirstAnswers {
  let failures = 0
  let hasAnswered = false
  return {
    answered() {
      hasAnswered = true
    },
    failed({ session }, why) {
      // While a cluster is not serving yet, failures say nothing about the client.
      if (hasAnswered || session?.client.startsWith(BEFORE)) return
      failures++
      if (failures === MOST)
        broke(
          inputError(`${named} has answered none of its first ${MOST} operations. The last one failed because: ${why}`),
        )
    },
  }
}
