import { type Report, type Verdict, verdictOf } from '@chaosproxy/checker'
import { adjective, levelsOf, strongestOf } from '../level-words.ts'
import { allMet, type RequirementResult } from '../requirements/result.ts'
import { capitalised, duration } from '../words.ts'
import type { Style } from './style.ts'

export type Mood = 'good' | 'bad' | 'unsure'

export const paintFor = (mood: Mood, style: Style): ((text: string) => string) =>
  ({ good: style.green, bad: style.accent, unsure: style.yellow })[mood]

export interface Headline {
  readonly mood: Mood
  /** `Not linearizable`. */
  readonly title: string
  /** Shown next to the title: `only eventually consistent`. */
  readonly beside: string
}

/**
 * The headline of every page, about the level expected or asked for, otherwise about the strongest. A missed requirement
 * is named as well: it may be the only reason why the exit code is not 0.
 */
export function headlineOf(
  report: Report<string>,
  asked: string | undefined,
  vacuous: boolean,
  requirements: readonly RequirementResult[] = [],
): Headline {
  const headline = verdictLine(report, asked, vacuous)
  const required = allMet(requirements)
  if (required === true) return headline
  const but = headline.mood === 'good' ? 'but not as required' : 'and not as required'
  return {
    ...headline,
    mood: required === false || headline.mood === 'bad' ? 'bad' : 'unsure',
    title: `${headline.title}, ${required === false ? but : 'perhaps not as required'}`,
  }
}

function verdictLine(report: Report<string>, asked: string | undefined, vacuous: boolean): Headline {
  const strongest = strongestOf(report)
  const level = asked ?? strongest
  const verdict = verdictOf(report, level)
  if (verdict.result === 'violated')
    return { mood: 'bad', title: `Not ${adjective(level)}`, beside: besideOf(report, level) }
  if (verdict.result === 'unknown')
    return { mood: 'unsure', title: `Unknown whether ${adjective(level)}`, beside: verdict.reason }
  const met = verdictOf(report, strongest).result === 'violated' ? report.headline : adjective(level)
  if (vacuous)
    return { mood: 'unsure', title: 'Nothing shown', beside: `${met}, but this proves less than it seems to` }
  return { mood: 'good', title: capitalised(met), beside: '' }
}

/** `sequentially consistent? no · eventual? yes`: the levels a reader asks about next. */
export function besideOf(report: Report<string>, level: string, convergedAfterNanos?: number): string {
  const levels = levelsOf(report)
  const asked = ['sequential', 'causal', 'read-your-writes', 'eventual']
  const answer: { readonly [result in Verdict['result']]: string } = {
    met: 'yes',
    violated: 'no',
    unknown: 'not known',
  }
  return asked
    .filter((other) => levels.indexOf(other) > levels.indexOf(level))
    .filter((other) => other === 'sequential' || other === 'eventual' || verdictOf(report, other).result !== 'unknown')
    .map((other) => {
      const result = verdictOf(report, other).result
      const after =
        other === 'eventual' && result === 'met' && convergedAfterNanos !== undefined
          ? `, ${duration(convergedAfterNanos)} after healing`
          : ''
      return `${other}? ${answer[result]}${after}`
    })
    .join(' · ')
}
