import type { Report } from '@chaosproxy/checker'
import type { Expectation } from '../run-summary.ts'

/** The level that a run must meet: the requested level, or the target's promise. */
export interface RunExpectation {
  readonly level: string
  readonly promised: boolean
}

/**
 * Judges whether a report meets a level. A level that is met vacuously is unknown; a violation is a violation even if
 * little was tried.
 */
export function judgeExpectation(report: Report<string>, level: string, vacuous: readonly string[]): Expectation {
  const result = report.levels[level]?.result
  if (result === 'violated') return { level, met: false }
  return { level, met: result === 'met' && vacuous.length === 0 ? true : 'unknown' }
}

/** Judges a level like `judgeExpectation`, and notes whether the level was the target's own promise. */
export const judgeHeldTo = (
  { level, promised }: RunExpectation,
  report: Report<string>,
  vacuous: readonly string[],
): Expectation => ({
  ...judgeExpectation(report, level, vacuous),
  ...(promised ? { promised } : {}),
})
