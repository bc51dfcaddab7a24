import { type Counterexample, type Report, verdictOf } from '@chaosproxy/checker'
import { judgedLevels } from '@chaosproxy/runner/result'

/** The level whose counterexample a page shows: the one asked for, otherwise the strongest broken one. */
export function accusedLevel(report: Report<string>, asked: string | undefined): string | undefined {
  const violated = judgedLevels(report).filter((level) => verdictOf(report, level).result === 'violated')
  if (asked !== undefined && violated.includes(asked)) return asked
  return violated.find((level) => level !== 'eventual') ?? violated[0]
}

export const counterexampleOf = (report: Report<string>, level: string | undefined): Counterexample | undefined => {
  const verdict = level === undefined ? undefined : verdictOf(report, level)
  return verdict?.result === 'violated' ? verdict.counterexample : undefined
}
