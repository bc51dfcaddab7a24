import { environmentError, inputError, type UserError } from '@chaosproxy/history'

/**
 * Watches for functions whose requests always fail. They are reported early, because a function that never runs proves
 * nothing.
 */
export interface Probation {
  passed(f: string): void
  failed(f: string, why: string): void
  admitted(f: string): void
  refused(f: string, error: string): void
}

/** The declaration is blamed after this many failures of a function that has never succeeded. */
const MOST = 20

export function createProbation(broke: (error: UserError) => void): Probation {
  const sent = createTrial()
  const admitted = createTrial()
  return {
    passed: sent.succeeded,
    failed(f, why) {
      if (sent.isLost(f)) broke(inputError(`no ${f} can be sent: ${why}. Correct the declaration, or leave ${f} out.`))
    },
    admitted: admitted.succeeded,
    refused(f, error) {
      if (admitted.isLost(f))
        broke(
          environmentError(
            `the server refuses the client: every ${f} failed with ${error.replace(/\.$/, '')}. Give "client" the "username" and the "password" of a user with permission.`,
          ),
        )
    },
  }
}

/** Counts the failures of each function until its first success. */
function createTrial() {
  const succeeded = new Set<string>()
  const failures = new Map<string, number>()
  return {
    succeeded: (f: string): void => void succeeded.add(f),
    /** Counts a failure of `f`. Returns true at failure number `MOST` if `f` has never succeeded. */
    isLost(f: string): boolean {
      if (succeeded.has(f)) return false
      const count = (failures.get(f) ?? 0) + 1
      failures.set(f, count)
      return count === MOST
    },
  }
}
