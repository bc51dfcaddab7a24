import { verdictOf } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { type RunSummary, strongestOf } from '@chaosproxy/runner/result'
import type { Facts } from '../facts/facts.ts'
import type { Mood } from '../facts/headline.ts'

/**
 * The outcome of a run or a check. `weaker`: the expected level was met, but a stronger level was violated. `missed`: a
 * requirement was not met. `vacuous`: nothing was violated, but little was tried.
 */
export type Outcome = 'violated' | 'met' | 'weaker' | 'missed' | 'unknown' | 'vacuous' | 'interrupted' | 'unchecked'

/** Whether each outcome is good or bad news for the reader. */
const MOODS: { readonly [outcome in Outcome]: Mood } = {
  ...{ violated: 'bad', missed: 'bad', met: 'good', weaker: 'good' },
  ...{ unknown: 'unsure', vacuous: 'unsure', interrupted: 'unsure', unchecked: 'unsure' },
}

export const isOutcome = (text: string): text is Outcome => Object.hasOwn(MOODS, text)

export const moodOf = (outcome: Outcome): Mood => MOODS[outcome]

/** Everything that a description of an outcome needs, except the `Facts`. */
export interface TellingInput {
  readonly history: History
  readonly run?: RunSummary | undefined
  readonly again?: string | undefined
}

export function outcomeOf(
  { report, requestedLevel, requirements, vacuous }: Facts,
  run: RunSummary | undefined,
): Outcome {
  if (report === undefined) return run?.interrupted === true ? 'interrupted' : 'unchecked'
  const strongest = strongestOf(report)
  const { result } = verdictOf(report, requestedLevel ?? strongest)
  if (result === 'violated') return 'violated'
  if (requirements.some(({ met }) => met === false)) return 'missed'
  if (run?.interrupted === true) return 'interrupted'
  if (result === 'unknown' || requirements.some(({ met }) => met === 'unknown')) return 'unknown'
  if (vacuous.length > 0) return 'vacuous'
  return verdictOf(report, strongest).result === 'violated' ? 'weaker' : 'met'
}
