import { verdictOf } from '@chaosproxy/checker'
import { count } from '@chaosproxy/history'
import type { Facts } from '../facts/facts.ts'
import { storyOf } from '../facts/violation-words.ts'
import type { Telling } from '../telling/telling.ts'
import { capitalised, nonEmpty } from '../words.ts'
import type { Page } from './page-input.ts'

/**
 * Returns warnings: what weakens the verdict, missed requirements, and other trouble. Leaves out the reason of the
 * outcome.
 */
export const warningsOf = (
  { run, history }: Page,
  { headline, vacuous, missed }: Facts,
  { outcome }: Telling,
): readonly string[] => [
  ...(run?.interrupted && outcome !== 'interrupted'
    ? ['The run was interrupted; what was recorded until then is checked.']
    : []),
  // Even an incomplete record proves a violation.
  ...(outcome === 'vacuous' || outcome === 'violated' ? [] : vacuous).map((reason) =>
    headline.mood === 'bad' ? `Proves little: ${reason}` : reason,
  ),
  ...(outcome === 'missed' ? [] : missed),
  ...(run?.trouble ?? []),
  ...history.warnings,
]

/**
 * Returns the line below a headline: the verdict, the expected level, and the note. Leaves out the verdict if the
 * headline states it.
 */
export function standing({ headline, expected }: Facts): string {
  const level = headline.title === headline.verdict ? '' : headline.verdict
  const beside = headline.mood === 'bad' ? headline.beside : ''
  return nonEmpty([level, expected, beside])
    .map((text, i) => (i === 0 ? capitalised(text) : text))
    .join(' · ')
}

/** The promise of each model without consistency levels, as a sentence about a run that kept it. */
const KEPT: ReadonlyMap<string, string> = new Map([
  ['watch', 'Every watch was sent every change that it asked for, once and in order.'],
  ['stream', 'Consumers got every acknowledged message, in order and each at its own offset.'],
  ['work-queue', 'Every message that was confirmed came out, or was there in the end.'],
])

export function ledeOf({ report, history }: Page, facts: Facts): string {
  const { headline, counterexample: shown, isAside } = facts
  if (shown !== undefined && !isAside) return capitalised(storyOf(history, shown))
  // The page says under `Why` why the verdict is unknown.
  if (headline.verdict.startsWith('Unknown')) return ''
  // If the mood is bad, the line below the headline already shows the note (see `standing`).
  if (headline.beside !== '') return headline.mood === 'bad' ? '' : `${capitalised(headline.beside)}.`
  if (report === undefined) return 'Nothing could be checked.'
  const kept = headline.mood === 'good' ? KEPT.get(report.model) : undefined
  if (kept !== undefined) return kept
  const linearizable = verdictOf(report, 'linearizable')
  return linearizable.result === 'met'
    ? `All ${count(history.operations.length)} operations fit one order in which each takes effect at a moment between its call and its answer.`
    : capitalised(report.headline) === headline.title
      ? ''
      : `${capitalised(report.headline)}.`
}
