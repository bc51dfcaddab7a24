import { type Report, type Verdict, verdictOf } from '@chaosproxy/checker'
import { duration } from '@chaosproxy/history'
import { allMet, judgedLevels, type RequirementResult, strongestOf } from '@chaosproxy/runner/result'
import { adjective } from '../level-words.ts'
import { capitalised } from '../words.ts'

export type Mood = 'good' | 'bad' | 'unsure'

export interface Headline {
  readonly mood: Mood
  /** `Not linearizable`. */
  readonly title: string
  /** Shown next to the title: `only eventually consistent`. */
  readonly beside: string
}

/** The title of a verdict that proves less than it seems to. */
export const INCONCLUSIVE = 'Inconclusive'

interface Circumstances {
  /** The level it is about; by default the strongest. */
  readonly asked: string | undefined
  readonly isVacuous: boolean
  readonly requirements: readonly RequirementResult[]
  readonly convergedAfterNanos?: number | undefined
}

/**
 * The headline of every page, about the level expected or asked for, otherwise about the strongest. A missed requirement
 * is named as well: it may be the only reason why the exit code is not 0.
 */
export function headlineOf(report: Report<string>, circumstances: Circumstances): Headline {
  const { requirements } = circumstances
  const headline = verdictLine(report, circumstances)
  const required = allMet(requirements)
  if (required === true) return headline
  const but = headline.mood === 'good' ? 'but not as required' : 'and not as required'
  return {
    ...headline,
    mood: required === false || headline.mood === 'bad' ? 'bad' : 'unsure',
    title: `${headline.title}, ${required === false ? but : 'perhaps not as required'}`,
  }
}

function verdictLine(report: Report<string>, { asked, isVacuous, convergedAfterNanos }: Circumstances): Headline {
  const strongest = strongestOf(report)
  const level = asked ?? strongest
  const verdict = verdictOf(report, level)
  if (verdict.result === 'violated')
    return { mood: 'bad', title: `Not ${adjective(level)}`, beside: besideOf(report, level, convergedAfterNanos) }
  if (verdict.result === 'unknown')
    return { mood: 'unsure', title: `Unknown whether ${adjective(level)}`, beside: verdict.reason }
  const isWeaker = verdictOf(report, strongest).result === 'violated'
  const met = isWeaker ? report.headline : adjective(level)
  if (isVacuous) {
    const found = isWeaker ? met : 'no violation found'
    return { mood: 'unsure', title: INCONCLUSIVE, beside: `${found}, but this proves less than it seems to` }
  }
  return { mood: 'good', title: capitalised(met), beside: '' }
}

/** `sequentially consistent? no · eventual? yes`: the levels a reader asks about next. */
function besideOf(report: Report<string>, level: string, convergedAfterNanos?: number): string {
  const levels = judgedLevels(report)
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
