import type { History, Mark } from '@chaosproxy/history'
import type { ModelEntry } from '../judge/entry.ts'
import { countUnknown } from '../judge/outcomes.ts'
import type { Report } from '../judge/report.ts'
import { notRecorded } from '../verdict/reason.ts'
import { unknownBecause, type Verdict, type Verdicts } from '../verdict/verdict.ts'
import type { Judgeable, Touched } from './judgeable.ts'

const MOST_NAMED = 3

/** Returns the reason why this record cannot show that a level is met, if any. */
export function reasonToDoubt({ touched, touchedKeys, notUnderstood }: Judgeable): string | undefined {
  const reasons: string[] = []
  if (touched.length > 0) {
    const named = touched.slice(0, MOST_NAMED).map(touchedInWords)
    const more =
      touchedKeys > named.length && touched.length > named.length ? `, and ${touchedKeys - named.length} more keys` : ''
    reasons.push(`${named.join('; ')}${more}. ${touchedRemedies(touched).join('. ')}`)
  }
  if (notUnderstood.length > 0) {
    const named = notUnderstood.slice(0, MOST_NAMED)
    const whys = [...new Set(named.map(({ why }) => why))]
    const byReason = whys.map(
      (shared) =>
        `${named
          .filter(({ why }) => why === shared)
          .map(nameOf)
          .join(', ')} (${shared})`,
    )
    const more = notUnderstood.length > named.length ? `, and to ${notUnderstood.length - named.length} more` : ''
    const remedy = named.some(isRequest) ? '. Describe such answers in the route table' : ''
    reasons.push(`the answer to ${byReason.join(', to ')}${more} was not understood${remedy}`)
  }
  return reasons.length === 0 ? undefined : reasons.join('. Also, ')
}

/** Returns the remedy for requests that servers send each other, such as replication. */
function ignoredRemedy({ what, key = '' }: Touched): string {
  const [method, path = ''] = what.split(' ')
  const segments = path.split('/').map((segment) => (segment !== '' && segment === key ? '*' : segment))
  const route = JSON.stringify({ request: `${method} ${segments.join('/')}`, ignore: true })
  return `If servers send ${what} to each other, add ${route} to the route table`
}

function touchedRemedies(touched: readonly Touched[]): readonly string[] {
  const outside = touched.filter(({ isRecorded }) => isRecorded !== true)
  const remedies: string[] = []
  if (outside.some(isScript)) remedies.push(scriptsRemedy(outside))
  else if (outside.length > 0)
    remedies.push(
      'Record every request that changes a tested key as an operation, or test keys that only recorded operations use',
      ...outside.filter(isRequest).slice(0, 1).map(ignoredRemedy),
    )
  if (outside.length === touched.length) return remedies
  const adds = touched.some(({ isRecorded, what }) => isRecorded === true && what === 'cas')
  return [
    ...remedies,
    adds
      ? 'If the request adds to a number, record with --model counter; otherwise let it name the value that it writes'
      : 'Let the request name the value that it writes',
  ]
}

/** Whether a mark comes from an HTTP request. A route table describes HTTP requests, but not Redis commands. */
const isRequest = ({ what }: Pick<Mark, 'what'>): boolean => /^[A-Z]+ \S*\//.test(what)

const nameOf = ({ what, key }: Mark): string => (key === undefined || what.includes(key) ? what : `${what} of ${key}`)

/** Whether a script of Redis touched the key. A script may write any key, unless the user declares otherwise. */
const isScript = ({ key, what }: Touched): boolean => key === undefined && /^(EVAL|EVALSHA|FCALL)( |$)/.test(what)

/**
 * Returns a remedy for keys that scripts touched. Some packages send nothing but scripts, so scripts cannot simply be
 * omitted.
 */
function scriptsRemedy(touched: readonly Touched[]): string {
  const { what = '' } = touched.find(isScript) ?? {}
  const [, sha = 'part of the script'] = what.split(' ')
  const declared = `{"kind":"resp","declare":[{"script":"${sha}","as":"INCRBY KEYS[1] ARGV[1]"}]}`
  return `If the script does the same as a few commands, name these commands: --as '${declared}'. If scripts write only the keys that they are given, and only the recorded commands are to be judged, record with --as '{"kind":"resp","scripts":"keys"}'. If scripts do the work, as in BullMQ, record the clients of the service with a route table, and Redis with --as tcp`
}

const touchedInWords = ({ key, line, what, why, isRecorded }: Touched): string =>
  `${key === undefined ? 'every key' : /^\d/.test(key) ? `key ${key}` : key} is judged only up to line ${line}, where ${
    isRecorded === true
      ? `the outcome of the ${what} is unknown, and so is what it wrote`
      : `${what} may have changed ${key === undefined ? 'any key' : 'this key'} in a way that the record does not show (${why})`
  }`

/** Changes levels met by an incomplete record to unknown; violated levels stay violated. */
export function withDoubts<Name extends string>(
  report: Report<Name>,
  history: History,
  { judge: { ladder, headline }, record }: ModelEntry<Name>,
  judgeable: Judgeable,
): Report<Name> {
  const reason = reasonToDoubt(judgeable)
  if (reason === undefined) return report
  const mayBeTaken = judgeable.touched.length > 0 && record.mayBeTaken
  const doubted = ladder.levels.map((level): [Name, Verdict] => {
    const verdict = report.levels[level]
    const isUnsure = verdict.result === 'met' || (mayBeTaken && ladder.apart.includes(level))
    return [level, isUnsure ? unknownBecause(notRecorded(reason)) : verdict]
  })
  const levels = Object.fromEntries(doubted) as Verdicts<Name>
  const { accounting, lost, ...rest } = report
  const known = mayBeTaken ? undefined : accounting
  const total = countUnknown(history.operations.outcome)
  const { happened } = report.info
  return {
    ...rest,
    levels,
    headline: headline(levels, known),
    lost: mayBeTaken ? [] : lost,
    info:
      happened === undefined
        ? { total }
        : { total, happened: Math.min(happened, total), undecided: Math.max(0, total - happened) },
    ...(known && { accounting: known }),
  }
}
