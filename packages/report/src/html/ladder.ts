import { type Report, rungs, type Verdict, verdictOf } from '@chaosproxy/checker'
import { duration, plural } from '@chaosproxy/history'
import { foundLevel, judgedLevels, levelsNotOfModel, strongestMet } from '@chaosproxy/runner/result'
import { type Facts, PROVES_NONE } from '../facts/facts.ts'
import {
  guaranteeText,
  heldApart,
  isolationColumns,
  isolationRows,
  reasonsOfUnknown,
  reasonText,
  whyNotOfModel,
  witnessText,
} from '../level-words.ts'
import { capitalised } from '../words.ts'
import { folded, type Html, html, note, plainTable, rowOf, tableOf, td, trusted } from './markup.ts'

interface Rung {
  readonly title: string
  readonly level: string
}

interface Arranged {
  readonly rungs: readonly Rung[]
  /** Levels that are shown beside the rungs, because they have no rung of their own. */
  readonly beside: readonly string[]
}

/**
 * Arranges the consistency levels of a model as the rungs of a ladder. Levels that the model does not define are left
 * out.
 */
function arranged(report: Report<string>): Arranged {
  const foreign = levelsNotOfModel(report)
  const levels = judgedLevels(report).filter((level) => !foreign.includes(level))
  const shown = rungs.flatMap((rung) => {
    const level = rung.levels.find((each) => each.replaceAll('-', ' ') === rung.title.toLowerCase())
    return level === undefined || !levels.includes(level) ? [] : { title: rung.title, level, levels: rung.levels }
  })
  const beside = levels.filter((level) => shown.some((rung) => rung.level !== level && within(rung.levels, level)))
  const alone = levels.filter((level) => !shown.some((rung) => within(rung.levels, level)))
  return {
    rungs: [...shown, ...alone.map((level) => ({ title: capitalised(level.replaceAll('-', ' ')), level }))],
    beside,
  }
}

const within = (levels: readonly string[], level: string): boolean => levels.includes(level)

/** Whether the levels are ordered by strength. Guarantees are not, so they are shown side by side. */
export const hasOrder = (report: Report<string>): boolean => arranged(report).rungs.length <= rungs.length

type Result = Verdict['result']

const marks: { readonly [result in Result]: Html } = {
  violated: trusted(
    '<svg class="mark violated" viewBox="0 0 20 20" aria-hidden="true"><rect x="1" y="1" width="18" height="18" rx="3"/><path d="M6 6l8 8M14 6l-8 8"/></svg>',
  ),
  met: trusted(
    '<svg class="mark met" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="8.6"/><path d="M5.8 10.4l2.9 2.9 5.6-6.4"/></svg>',
  ),
  unknown: trusted(
    '<svg class="mark unknown" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="8.6" stroke-dasharray="3 2.4"/><path d="M7.6 8a2.4 2.4 0 1 1 3.3 2.2c-.7.3-.9.7-.9 1.5M10 14.2v.3"/></svg>',
  ),
}

interface LadderOptions {
  /** Nanoseconds from the healing until the nodes agreed. */
  readonly convergedNanos?: number | undefined
  /** Whether the recording continues, so that met levels may still break. */
  readonly isSoFar?: boolean
}

/** Draws the levels, strongest first. The expected level and the found level are marked. */
export function ladder(
  facts: Facts,
  report: Report<string>,
  { convergedNanos, isSoFar = false }: LadderOptions = {},
): Html {
  if (facts.isEmpty && !isSoFar) return html`<p class="why">${PROVES_NONE}</p>`
  const why = whyNotOfModel(report)
  const judgement: Judgement = { report, expected: facts.expectation?.level, convergedNanos, isSoFar }
  if (report.transactions !== undefined) return isolationTable(judgement)
  const { rungs, beside } = arranged(report)
  return html`<ol class="ladder${hasOrder(report) ? '' : ' apart'}">${rungs.map((rung) => rungMarkup(judgement, rung))}</ol>${beside.length !== 0 && html`<div class="beside"><span>Beside them:</span><ul class="subs">${beside.map((level) => besideMarkup(judgement, level))}</ul></div>`}${why !== undefined && html`<p class="why">${capitalised(why)}.</p>`}`
}

/** Draws a table of isolation levels. Each has three columns: the plain level, its session form and its strong form. */
function isolationTable(judgement: Judgement): Html {
  const { report, isSoFar } = judgement
  const columns = isolationColumns.map(
    ({ title, prefix, means }) =>
      html`<th scope="col" data-short="${title}">${prefix === '' ? means : html`<code>${prefix}</code> ${means}`}</th>`,
  )
  const rows = isolationRows(report).flatMap(({ isolations, cells }) =>
    isolations.map((isolation, i) =>
      rowOf(
        isolation,
        ...cells.map(({ [i]: cell }) =>
          cell === undefined
            ? td('')
            : html`<td class="${cell.result}" title="${cell.level}">${marks[cell.result]} <span class="result">${resultText(cell.result, isSoFar)}</span>${tagOf(judgement, cell.level)}</td>`,
        ),
      ),
    ),
  )
  const unknown = reasonsOfUnknown(report).slice(0, MOST_REASONS)
  return html`${tableOf('Levels of isolation', 'isolation', ['level', ...columns], rows)}${unknown.map((reason) => note(`Unknown: ${reason}.`))}`
}

/** Maximum number of reasons below the table; the table of all levels has the others. */
const MOST_REASONS = 2

interface Judgement {
  readonly report: Report<string>
  readonly expected: string | undefined
  readonly convergedNanos: number | undefined
  readonly isSoFar: boolean
}

function rungMarkup(judgement: Judgement, { title, level }: Rung): Html {
  const { report, isSoFar } = judgement
  const { result } = verdictOf(report, level)
  const why = whyOf(judgement, level)
  return html`<li class="${result}"><div class="rung">${marks[result]}<span class="line"></span></div><h3>${title}${tagOf(judgement, level)}</h3><p class="result">${resultText(result, isSoFar)}</p>${why !== '' && html`<p class="why">${why}</p>`}</li>`
}

function besideMarkup(judgement: Judgement, level: string): Html {
  const { result } = verdictOf(judgement.report, level)
  return html`<li class="${result}">${marks[result]}<span>${level.replaceAll('-', ' ')}<span class="sr">: ${resultText(result, judgement.isSoFar)}</span>${tagOf(judgement, level)}</span></li>`
}

/** Returns the tag of a level: expected, or found. A level met so far may still break. */
function tagOf({ report, expected, isSoFar }: Judgement, level: string): Html | undefined {
  const isMet = !isSoFar && verdictOf(report, level).result === 'met'
  const found = report.transactions === undefined ? [foundLevel(report)] : strongestMet(report)
  const tag = level === expected ? (isMet ? 'as expected' : 'expected') : isMet && found.includes(level) ? 'found' : ''
  return tag === '' ? undefined : html` <span class="tag">${tag}</span>`
}

const resultText = (result: Result, isSoFar: boolean): string => (isSoFar && result === 'met' ? 'met so far' : result)

function whyOf({ report, convergedNanos }: Judgement, level: string): string {
  const verdict = verdictOf(report, level)
  if (verdict.result === 'unknown') return reasonText(level, verdict.reason.text)
  if (verdict.result === 'violated') return `by ${plural(verdict.counterexample.operations.length, 'operation')}`
  if ((level === 'eventual' || level === 'convergent') && convergedNanos !== undefined)
    return `${duration(convergedNanos)} after healing`
  if (Object.hasOwn(guaranteeText, level)) return guaranteeText[level] ?? ''
  return verdict.witness.kind === 'implied' ? `follows from ${verdict.witness.by}` : ''
}

/** Returns the reason for each level's result in full. The drawing of the levels lacks room for them. */
export function reasons(report: Report<string>, { headline }: Pick<Facts, 'headline'>): Html {
  const rows = Object.entries(report.levels).map(([level, verdict]) =>
    rowOf(
      level,
      td(verdict.result),
      td(headline.despite?.level === level ? headline.despite.because : fullReason(report, level, verdict), 'wrap'),
    ),
  )
  return folded(
    'all-levels',
    `All ${rows.length} levels, with their reasons`,
    html`<div class="scroll">${plainTable(['level', 'verdict', 'because'], rows)}</div>`,
  )
}

function fullReason(report: Report<string>, level: string, verdict: Verdict): string {
  if (verdict.result === 'unknown') return verdict.reason.text
  if (verdict.result === 'met') return witnessText(verdict.witness)
  const apart = heldApart(report, level)
  return `${verdict.counterexample.sentence}${apart === '' ? '' : ` ${capitalised(apart)}.`}`
}
