import type { History } from '@chaos/history'
import { headlineOf } from '../headline.ts'
import { type Level, levels } from '../level.ts'
import { headlineOfObject } from '../objects/headline.ts'
import { countUnknown } from '../outcomes.ts'
import type { Report, Verdict } from '../verdict.ts'
import type { Judgeable, Touched } from './judgeable.ts'

/** So many keys or reads are named. */
const MOST_NAMED = 3

/** Why no level can rest on the record as it is; undefined where nothing is in doubt. */
export function reasonToDoubt({ touched, touchedKeys, notUnderstood }: Judgeable): string | undefined {
  const reasons: string[] = []
  if (touched.length > 0) {
    const named = touched.slice(0, MOST_NAMED).map(touchedInWords)
    const more =
      touchedKeys > named.length && touched.length > named.length ? `, and ${touchedKeys - named.length} more keys` : ''
    reasons.push(
      `${named.join('; ')}${more}. Record what touches keys as operations too, or test keys that nothing else touches`,
    )
  }
  if (notUnderstood.length > 0) {
    const named = notUnderstood.slice(0, MOST_NAMED).map(({ what, key, why }) => {
      const of = key === undefined || what.includes(key) ? '' : ` of ${key}`
      return `${what}${of} (${why})`
    })
    const more = notUnderstood.length > named.length ? `, and to ${notUnderstood.length - named.length} more` : ''
    reasons.push(`the answer to ${named.join(', to ')}${more} was not understood. Say in the route table what it means`)
  }
  return reasons.length === 0 ? undefined : reasons.join('. Also, ')
}

const touchedInWords = ({ key, line, what, why }: Touched): string =>
  `${key ?? 'every key'} is judged only up to line ${line}, where ${what} touched it outside the record (${why})`

/** Says no level is met by a record that lacks something: what is violated stays so. */
export function withDoubts(report: Report, history: History, judgeable: Judgeable): Report {
  const reason = reasonToDoubt(judgeable)
  if (reason === undefined) return report
  const isRegister = report.model === 'register'
  const isTouched = judgeable.touched.length > 0
  const verdicts: { [level in Level]?: Verdict } = {}
  for (const level of levels) {
    const verdict = report.levels[level]
    // What an object lost may have been taken by what touched it.
    const isUnsure = verdict.result === 'met' || (level === 'eventual' && isTouched && !isRegister)
    verdicts[level] = isUnsure ? { result: 'unknown', reason } : verdict
  }
  const known = verdicts as Report['levels']
  const { accounting, lost, ...rest } = report
  const said = isTouched && !isRegister ? undefined : accounting
  const total = countUnknown(history.operations.outcome)
  const { happened } = report.info
  return {
    ...rest,
    levels: known,
    headline: isRegister ? headlineOf(known) : headlineOfObject(known, said),
    lost: isTouched && !isRegister ? [] : lost,
    info:
      happened === undefined
        ? { total }
        : { total, happened: Math.min(happened, total), undecided: Math.max(0, total - happened) },
    ...(said === undefined ? {} : { accounting: said }),
  }
}
