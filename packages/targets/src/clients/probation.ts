import { UserError } from '@chaosproxy/history'

/**
 * Watches for functions whose requests can never be made: a function that never runs proves nothing, so this is
 * reported early.
 */
export interface Probation {
  passed(f: string): void
  failed(f: string, why: string): void
}

/** After this many failures in a row from the start, blame the declaration, not chance. */
const MOST = 20

export function createProbation(broke: (error: UserError) => void): Probation {
  const passed = new Set<string>()
  const failures = new Map<string, number>()
  return {
    passed: (f) => void passed.add(f),
    failed(f, why) {
      if (passed.has(f)) return
      const count = (failures.get(f) ?? 0) + 1
      failures.set(f, count)
      if (count === MOST)
        broke(new UserError('input', `no ${f} can be asked for: ${why}. Mend the declaration, or leave ${f} out.`))
    },
  }
}
