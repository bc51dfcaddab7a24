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

/** The number of failures without any success at which the declaration is blamed. */
const MOST = 20

export function createProbation(broke: (error: UserError) => void): Probation {
  const passed = new Set<string>()
  const failures = new Map<string, number>()
  const admitted = new Set<string>()
  const refusals = new Map<string, number>()
  return {
    passed: (f) => void passed.add(f),
    failed(f, why) {
      if (passed.has(f)) return
      const count = (failures.get(f) ?? 0) + 1
      failures.set(f, count)
      if (count === MOST) broke(inputError(`no ${f} can be sent: ${why}. Correct the declaration, or leave ${f} out.`))
    },
    admitted: (f) => void admitted.add(f),
    refused(f, error) {
      if (admitted.has(f)) return
      const count = (refusals.get(f) ?? 0) + 1
      refusals.set(f, count)
      if (count === MOST)
        broke(
          environmentError(
            `the server refuses the client: every ${f} failed with ${error.replace(/\.$/, '')}. Give "client" the "username" and the "password" of a user with permission.`,
          ),
        )
    },
  }
}
