import type { Report } from '@chaosproxy/checker'
import type { Expectation } from '../run-summary.ts'

/** The level that a run must meet: the one requested, or the target's promise. */
export interface RunExpectation {
  readonly level: string
  readonly promised: boolean
}

/** A level met vacuously is unknown, not met. A violation stands, however little was tried. */
export function judgeExpectation(report: Report<string>, level: string, vacuous: readonly string[]): Expectation {
  const result = report.levels[level]?.result
  if (result === 'violated') return { level, met: false }
  return { level, met: result === 'met' && vacuous.length === 0 ? true : 'unknown' }
}

/** As `judgeExpectation`, keeping whether the level was the target's own promise. */
export const judgeHeldTo = (
  { level, promised }: RunExpectation,
  report: Report<string>,
  vacuous: readonly string[],
): Expectation => ({
  ...judgeExpectation(report, level, vacuous),
  ...(promised ? { promised } : {}),
})
