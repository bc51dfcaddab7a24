import { verdictOf } from '@chaosproxy/checker'
import { count } from '@chaosproxy/history'
import type { Facts } from '../facts/facts.ts'
import { shortSentence } from '../facts/violation-words.ts'
import { requirementText } from '../requirement-words.ts'
import { capitalised } from '../words.ts'
import type { Page } from './page-input.ts'

/** What makes a verdict prove less, or was missed, or went wrong beside it. */
export const warningsOf = ({ run, history }: Page, { headline, vacuous, requirements }: Facts): readonly string[] => [
  ...(run?.interrupted ? ['The run was interrupted; what was recorded until then is checked.'] : []),
  ...vacuous.map((reason) => (headline.mood === 'bad' ? `Proves less than it seems to: ${reason}` : reason)),
  ...requirements.filter(({ met }) => met !== true).map(requirementText),
  ...(run?.trouble ?? []),
  ...history.warnings,
]

/** The level: the line below a headline in users' words, or what to say beside the level's own name. */
export function standing({ headline, expected }: Facts): string {
  const level = headline.title === headline.verdict ? '' : headline.verdict
  const beside = headline.mood === 'bad' ? headline.beside : ''
  // What was found is said already.
  const more = expected.endsWith('found eventual') ? beside.replace(/(?: · )?eventual\? yes.*$/, '') : beside
  return [level, expected, more]
    .filter((text) => text !== '')
    .map((text, i) => (i === 0 ? capitalised(text) : text))
    .join(' · ')
}

/** The sentence below the headline. */
export function ledeOf({ report, history }: Page, facts: Facts): string {
  const { headline, shown } = facts
  if (shown !== undefined) return capitalised(shortSentence(history, shown, facts))
  if (headline.beside !== '') return `${capitalised(headline.beside)}.`
  if (report === undefined) return 'Nothing could be checked.'
  if (report.model === 'watch' && headline.mood === 'good')
    return 'Every watch was sent every change that it asked for, once and in order.'
  const linearizable = verdictOf(report, 'linearizable')
  return linearizable.result === 'met'
    ? `All ${count(history.operations.length)} operations fit one order in which each takes effect at a moment between its call and its answer.`
    : `${capitalised(report.headline)}.`
}
