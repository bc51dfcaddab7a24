import { count, duration, percent } from '@chaosproxy/history'
import { memberAt, numberAt, type Parsed } from '@chaosproxy/runner/result'
import { type SavedTelling, savedTelling } from '../telling/saved-telling.ts'
import { percentOf } from '../words.ts'

/** A row of a comparison: a difference between two results, or a figure that both results have. */
export interface DifferenceRow {
  readonly what: string
  readonly before: string
  readonly after: string
  /** `better`, `worse`, or empty. */
  readonly change: '' | 'better' | 'worse'
}

/** The comparison of two results, as plain data. */
export interface Difference {
  /** What the page of each run says about its run. */
  readonly tellings: readonly [before: SavedTelling, after: SavedTelling]
  /** Why the results cannot be compared, if they cannot. */
  readonly unlike: string | undefined
  readonly settings: readonly DifferenceRow[]
  readonly levels: readonly DifferenceRow[]
  readonly figures: readonly DifferenceRow[]
}

export function differenceOf(before: Parsed, after: Parsed): Difference {
  const unlike = unlikeText(before, after)
  const judged = (rows: readonly DifferenceRow[]): readonly DifferenceRow[] =>
    unlike === undefined ? rows : rows.map((row) => ({ ...row, change: '' }))
  return {
    tellings: [savedTelling(before), savedTelling(after)],
    unlike,
    settings: SETTINGS.flatMap((what): DifferenceRow[] => {
      const [from, to] = [settingAt(before, what), settingAt(after, what)]
      return from === to ? [] : [{ what, before: from, after: to, change: '' }]
    }),
    levels: judged(levelRows(before, after)),
    figures: judged(
      figures
        // For a counter, the lists of lost elements contain reads as well as additions. So the lengths of the lists do
        // not show how many additions were lost.
        .filter(({ at }) => settingAt(after, 'model') !== 'counter' || !at.includes('lost'))
        .filter(({ what }) => what !== LOST_WRITES || [before, after].every(showsLosses))
        .flatMap((figure) => figureRow(figure, before, after))
        .concat(phaseRows(before, after)),
    ),
  }
}

const LOST_WRITES = 'lost writes'

/**
 * Whether a saved result shows how many writes were lost. False for a result that counts missing elements, because the
 * figure `missing elements` then shows the losses. Also false if no lost write is listed and no verdict on `eventual`
 * confirms that none was lost.
 */
const showsLosses = (of: Parsed): boolean =>
  numberAt(of, 'accounting', 'totals', 'lost') === undefined &&
  (numberAt(of, 'lost', 'length') !== 0 || settingAt(of, 'levels', 'eventual', 'result') in STRENGTH)

/**
 * The settings that two results must share to be comparable: the workload determines the operations, and the model
 * determines their meaning.
 */
const QUESTIONS = ['workload', 'model'] as const

function unlikeText(before: Parsed, after: Parsed): string | undefined {
  const what = QUESTIONS.find((setting) => {
    const [from, to] = [settingAt(before, setting), settingAt(after, setting)]
    return from !== '' && to !== '' && from !== to
  })
  if (what === undefined) return undefined
  return `The two cannot be compared: the ${what} differs (before: ${settingAt(before, what)}, after: ${settingAt(after, what)}).`
}

/**
 * Returns a sentence if both results have the same verdicts and titles; otherwise an empty text. The titles may differ
 * although the verdicts are equal, because expectations, measurements or losses differ.
 */
export const sameVerdicts = ({ levels, tellings: [before, after] }: Difference): string =>
  levels.length === 0 && before.what === after.what ? 'Every level has the same verdict in both.' : ''

export function differenceTitle({ tellings: [before, after] }: Difference): string {
  return before.what === after.what ? `Both: ${before.what}` : `Before: ${before.what}. After: ${after.what}`
}

const SETTINGS = ['target', 'workload', 'model', 'seed', 'tier', 'expected'] as const

/** Only decided results have a strength. An undecided result counts as neither better nor worse. */
const STRENGTH: { readonly [result: string]: number } = { met: 1, violated: 0 }

function levelRows(before: Parsed, after: Parsed): DifferenceRow[] {
  const names = new Set([...Object.keys(objectAt(before, 'levels')), ...Object.keys(objectAt(after, 'levels'))])
  return [...names].flatMap((what): DifferenceRow[] => {
    const [from, to] = [levelResult(before, what), levelResult(after, what)]
    if (from === to) return []
    const isDecided = from in STRENGTH && to in STRENGTH
    const change = isDecided ? changeOf((STRENGTH[to] ?? 0) - (STRENGTH[from] ?? 0)) : ''
    return [{ what, before: from || 'not asked', after: to || 'not asked', change }]
  })
}

/** Returns the result of a level. A record that shows too little confirms no level. */
function levelResult(of: Parsed, level: string): string {
  const result = settingAt(of, 'levels', level, 'result')
  return result === 'met' && (numberAt(of, 'vacuous', 'length') ?? 0) > 0 ? 'unconfirmed' : result
}

const changeOf = (change: number): DifferenceRow['change'] => (change === 0 ? '' : change > 0 ? 'better' : 'worse')

interface FigureKind {
  readonly what: string
  readonly at: readonly string[]
  readonly text: (value: number, of: Parsed) => string
  /** 1 if a greater figure is better, -1 if it is worse, 0 if it is neither. */
  readonly sign: -1 | 0 | 1
}

const figures: readonly FigureKind[] = [
  { what: 'operations', at: ['operations', 'total'], text: count, sign: 0 },
  { what: 'ok', at: ['operations', 'ok'], text: count, sign: 0 },
  { what: 'failed', at: ['operations', 'fail'], text: count, sign: 0 },
  { what: 'outcome unknown', at: ['operations', 'info'], text: count, sign: 0 },
  { what: 'availability', at: ['availability', 'overall'], text: (share) => percent(share), sign: 1 },
  { what: 'p50', at: ['latency', 'p50Nanos'], text: duration, sign: -1 },
  { what: 'p99', at: ['latency', 'p99Nanos'], text: duration, sign: -1 },
  { what: LOST_WRITES, at: ['lost', 'length'], text: count, sign: -1 },
  { what: 'missing elements', at: ['accounting', 'totals', 'lost'], text: count, sign: -1 },
  { what: 'seen twice', at: ['accounting', 'totals', 'duplicated'], text: count, sign: -1 },
  { what: 'stale reads', at: ['staleness', 'reads', 'stale'], text: count, sign: -1 },
  { what: 'staleness p99', at: ['staleness', 'behindNanos', 'p99'], text: duration, sign: -1 },
]

/** Minimum relative change that counts. Two runs of one system may differ by less. */
const NOTICEABLE = 0.05

function figureRow({ what, at, text, sign }: FigureKind, before: Parsed, after: Parsed): DifferenceRow[] {
  const [from, to] = [numberAt(before, ...at), numberAt(after, ...at)]
  if (from === undefined || to === undefined) return []
  const isNoticeable = Math.abs(to - from) > NOTICEABLE * Math.max(Math.abs(from), Math.abs(to))
  return [
    {
      what,
      before: text(from, before),
      after: text(to, after),
      change: isNoticeable ? changeOf(sign * (to - from)) : '',
    },
  ]
}

/** Returns rows for each phase that both results have: availability, p99 latency and stale reads. */
function phaseRows(before: Parsed, after: Parsed): DifferenceRow[] {
  const others = objectAt(after, 'availability', 'phases')
  return Object.keys(objectAt(before, 'availability', 'phases'))
    .filter((phase) => phase in others)
    .flatMap((phase) => [
      ...figureRow(
        {
          ...{ what: `availability, ${phase}`, at: ['availability', 'phases', phase], sign: 1 },
          text: (share, of) =>
            percentOf(share, numberAt(of, 'phases', phase, 'operations') ?? Number.POSITIVE_INFINITY),
        },
        before,
        after,
      ),
      ...figureRow(
        { what: `p99, ${phase}`, at: ['latency', 'phases', phase, 'p99Nanos'], text: duration, sign: -1 },
        before,
        after,
      ),
      ...figureRow(
        { what: `stale reads, ${phase}`, at: ['phases', phase, 'staleReads'], text: count, sign: -1 },
        before,
        after,
      ).filter((row) => row.before !== '0' || row.after !== '0'),
    ])
}

function settingAt(of: Parsed, ...path: readonly string[]): string {
  const found = memberAt(of, path)
  return found === undefined || found === null || typeof found === 'object' ? '' : String(found)
}

function objectAt(of: Parsed, ...path: readonly string[]): object {
  const found = memberAt(of, path)
  return typeof found === 'object' && found !== null ? found : {}
}
