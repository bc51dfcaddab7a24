import type { RequirementResult } from './requirement-result.ts'
import type { Expectation } from './run-summary.ts'

/**
 * The exit codes. Scripts may rely on them. As in other checkers, 0 means that the promise was kept, 1 that it was
 * violated, and 2 that this is unknown.
 */
export const EXIT = {
  met: 0,
  violated: 1,
  unknown: 2,
  usage: 3,
  environment: 4,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

interface Outcome {
  /** The expected level, and whether it was met. Undefined if no level was expected. */
  readonly expectation: Expectation | undefined
  readonly found: Expectation
  readonly requirements: readonly RequirementResult[]
  readonly trouble: readonly string[]
}

/** Returns the exit code. A violation outweighs trouble, and trouble outweighs an unknown result. */
export function exitCodeFor({ expectation, found, requirements, trouble }: Outcome): ExitCode {
  const required = allMet(requirements)
  if (expectation?.met === false || required === false) return EXIT.violated
  if (trouble.length > 0) return EXIT.environment
  return (expectation ?? found).met === 'unknown' || required === 'unknown' ? EXIT.unknown : EXIT.met
}

/** Whether all requirements were met. `false` outweighs `unknown`. */
export function allMet(results: readonly RequirementResult[]): boolean | 'unknown' {
  if (results.some(({ met }) => met === false)) return false
  return results.some(({ met }) => met === 'unknown') ? 'unknown' : true
}
