import { type Report, verdictOf } from '@chaosproxy/checker'
import {
  allMet,
  foundLevel,
  judgedLevels,
  type RequirementResult,
  strongestMet,
  strongestOf,
} from '@chaosproxy/runner/result'
import { adjective, type Despite, despiteText } from '../level-words.ts'
import type { Loss } from '../losses/loss.ts'
import { capitalised, listed } from '../words.ts'

export type Mood = 'good' | 'bad' | 'unsure'

export interface Headline {
  readonly mood: Mood
  readonly title: string
  /** `Not linearizable`. */
  readonly verdict: string
  /**
   * A note beside the verdict. It says why the verdict is unknown, or why the level is met although the title suggests
   * otherwise.
   */
  readonly beside: string
  /** Why a level is met, although the title suggests that it is violated. */
  readonly despite?: Despite | undefined
}

/** Returns the title, and the verdict if it differs: `106 acknowledged messages were lost (not linearizable)`. */
export const titleWithVerdict = ({ title, verdict }: Pick<Headline, 'title' | 'verdict'>): string =>
  title === verdict ? title : `${title} (${verdict.charAt(0).toLowerCase()}${verdict.slice(1)})`

/** The title of a verdict that proves less than it seems to. */
export const INCONCLUSIVE = 'Inconclusive'

/** The title of a run interrupted before a violation. */
const INTERRUPTED = 'Interrupted'

interface Circumstances {
  /** The level of the headline; by default the strongest. */
  readonly requestedLevel: string | undefined
  readonly isVacuous: boolean
  readonly isInterrupted?: boolean
  readonly requirements: readonly RequirementResult[]
  /** What the violation cost users, in terms of their data. */
  readonly loss?: Loss | undefined
}

/**
 * Returns the headline of every page. It also names missed requirements, which may be the only reason for the exit
 * code.
 */
export function headlineOf(report: Report<string>, circumstances: Circumstances): Headline {
  const { requirements, loss } = circumstances
  const { mood, verdict, beside } = verdictLine(report, circumstances)
  const required = allMet(requirements)
  const but = mood === 'good' ? 'but not as required' : 'and not as required'
  const whole = required === true ? verdict : `${verdict}, ${required === false ? but : 'perhaps not as required'}`
  return {
    mood: required === true ? mood : required === false || mood === 'bad' ? 'bad' : 'unsure',
    title: loss?.title ?? whole,
    verdict: whole,
    beside,
    despite: despiteOf(report, loss),
  }
}

/**
 * The title of a headline may sound as if a level were violated (`Loss.despite`). If this level is met, returns
 * `Loss.despite`.
 */
const despiteOf = (report: Report<string>, loss: Loss | undefined): Despite | undefined =>
  loss?.despite !== undefined && verdictOf(report, loss.despite.level).result === 'met' ? loss.despite : undefined

function verdictLine(
  report: Report<string>,
  { requestedLevel, isVacuous, isInterrupted = false, loss }: Circumstances,
): Omit<Headline, 'title' | 'despite'> {
  const strongest = strongestOf(report)
  const despite = despiteOf(report, loss)
  const level = requestedLevel ?? strongest
  const verdict = verdictOf(report, level)
  if (verdict.result === 'violated')
    return {
      mood: 'bad',
      verdict: `Not ${adjective(level)}`,
      beside: despite === undefined ? '' : despiteText(despite),
    }
  if (verdict.result === 'unknown')
    return { mood: 'unsure', verdict: `Unknown whether ${adjective(level)}`, beside: verdict.reason.text }
  const isWeaker = verdictOf(report, strongest).result === 'violated'
  const met = isWeaker ? weakerText(report, level, strongest) : adjective(bestMet(report, level))
  const found = isWeaker ? met : 'no violation found'
  if (isInterrupted) return { mood: 'unsure', verdict: INTERRUPTED, beside: `${found} until then` }
  if (isVacuous) return { mood: 'unsure', verdict: INCONCLUSIVE, beside: found }
  return { mood: 'good', verdict: capitalised(met), beside: '' }
}

/** Returns the strongest met level, or `level` if that is stronger. */
function bestMet(report: Report<string>, level: string): string {
  const found = foundLevel(report) ?? level
  const levels = judgedLevels(report)
  return levels.indexOf(found) < levels.indexOf(level) ? found : level
}

/**
 * Names the weaker levels that are met: `eventually consistent, not linearizable`. Returns the report's headline if it
 * already names them.
 */
function weakerText(report: Report<string>, level: string, strongest: string): string {
  const { headline, transactions } = report
  if (!headline.startsWith('not ') && transactions === undefined) return headline
  // `declared` means the levels that the transactions requested. It has no rank among the ordered levels.
  const met = transactions === undefined || level === 'declared' ? [] : strongestMet(report)
  return `${listed((met.length === 0 ? [level] : met).map(adjective))}, not ${adjective(strongest)}`
}
