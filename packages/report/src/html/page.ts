import type { Counterexample } from '@chaosproxy/checker'
import { duration, type History, hasTimes, plural } from '@chaosproxy/history'
import { foundText, statisticsOf } from '@chaosproxy/runner/result'
import type { PageData } from '../browser/page-data.ts'
import { type Facts, factsOf } from '../facts/facts.ts'
import { type NearFault, nearFaults } from '../facts/near-faults.ts'
import { alsoForbiddenBy, citation, uncutText, violationText, whyTitle } from '../facts/violation-words.ts'
import type { Violation } from '../facts/violations.ts'
import { linesOf, printable, rowsOf } from '../operation-words.ts'
import { recordFactsOf } from '../record.ts'
import { answersOf, type Telling, tellingOf } from '../telling/telling.ts'
import { fileName } from '../terminal/run-page.ts'
import { capitalised, durationOfMillis } from '../words.ts'
import { binsOf } from './bins.ts'
import { chartedOf, charts, plotArea } from './charts.ts'
import { embed, endOf, select } from './columns.ts'
import { accusedOf, contradictionSvg, drawnOf } from './contradiction.ts'
import { accusedRows, embeddedData, explorer } from './explorer.ts'
import { hasOrder, ladder, reasons } from './ladder.ts'
import { lanesOf } from './lanes.ts'
import {
  fileLink,
  folded,
  type Html,
  headOf,
  html,
  listOf,
  note,
  script,
  scriptJson,
  scrollOf,
  sectionOf,
  topBar,
  trusted,
} from './markup.ts'
import type { Page } from './page-input.ts'
import { ledeOf, standing, warningsOf } from './page-words.ts'
import { renderPicture } from './picture.ts'
import { proofScripts, proofSection } from './proof-section.ts'
import { raceSection, raceStyles } from './race-section.ts'
import { explorerScript, pageScript } from './scripts.ts'
import { factsSection, faultsSection, lostSection, phasesSection, recordSection } from './sections.ts'
import { sheetTable } from './sheet-table.ts'
import { story } from './story.ts'
import { canDraw, transactionsList, transactionsSvg } from './transactions.ts'
import { wireNotes } from './wire-arrows.ts'

/** A chart of fewer operations shows only noise. */
const FEWEST_CHARTED = 100

/**
 * Renders one self-contained file: the verdict, the levels, a drawing of the contradiction, charts of the run, and a
 * timeline of its operations. It works from disk, without a network and without scripts.
 */
export function renderHtml(page: Page): string {
  const { history, report, run } = page
  const facts = factsOf(page)
  const { spans, headline, counterexample: shown, violations } = facts
  const [first, ...others] = violations
  const telling = tellingOf(facts, page)
  const statistics = statisticsOf(history)
  const end = endOf(history, spans)
  const binned = binsOf(history, end, report?.staleness?.staleRows)
  const { bins } = binned
  const accused = accusedRows(report)
  const selection = select(history, spans, accused)
  const lanes = lanesOf(history, shown === undefined ? [] : rowsOf(shown))
  const embedded = embed(history, selection.operations, accused, lanes)
  const mark =
    shown === undefined ? [] : [history.operations.callTime[shown.culprit ?? shown.operations[0]?.operation ?? 0] ?? 0]
  const data: PageData = {
    ...embedded,
    sample: { every: selection.every, complete: selection.complete },
    faults: spans.map((span) => [span.from, span.to, span.label]),
    end,
    focus: shown === undefined ? [] : firstLines(history, shown),
    accused: shown === undefined ? [] : accusedLines(history, shown),
    plot: plotArea,
    bins: { ...bins, p50: bins.p50.map(finite), p99: bins.p99.map(finite) },
  }
  return html`${headOf(`${headline.title}: ${page.title}`, facts.race === undefined ? '' : raceStyles)}
<body><a class="skip" href="#${shown === undefined ? 'levels' : 'why'}">Skip to the explanation</a>
${topBar(page.version, topFacts(page), html`${page.markdown !== undefined && html`<button id="copy-markdown" type="button">Copy Markdown</button>`}<button id="save-png" type="button">Save PNG</button><button id="save-svg" type="button">Save SVG</button>`)}
<main>
${head(page, facts, telling)}
${
  first !== undefined &&
  contradiction(facts, whyTitle(history, first, { isAside: facts.isAside }), [
    figure(page, first, facts, { facts }),
    otherFigures(page, others, facts, first.counterexample.operations.length === 1),
  ])
}
${raceSection(facts.race)}
${sectionOf('levels', report === undefined || hasOrder(report) ? 'Consistency levels, strongest first' : 'Guarantees', html`${report !== undefined && html`${ladder(facts, report, { convergedNanos: run?.convergedAfterHealNanos })}${reasons(report, facts)}`}${judgement(page, facts, telling)}`)}
${proofSection(page.proof)}${phasesSection(run?.phases ?? [], facts)}
${hasTimes(history) && history.operations.length >= FEWEST_CHARTED && sectionOf('over-time', 'Over time', html`${scrollOf('Charts: the left and right arrow keys move the cursor', charts(chartedOf(history, binned, { spans, end, marks: mark })))}<p class="detail" id="chart-detail" aria-live="polite">Point at the charts to read them; a click moves the timeline there.</p>`)}
${explorer(history, selection, embedded)}
${faultsSection(run, spans)}
${factsSection(statistics, report, run)}
${recordSection(recordFactsOf(history, page.initial))}
${lostSection(report)}
</main>
${script(scriptJson(renderPicture(page, facts)), ' type="application/json" id="picture"')}
${page.markdown !== undefined && script(scriptJson(page.markdown), ' type="application/json" id="markdown"')}
${embeddedData(data)}
${script(trusted(pageScript))}${script(trusted(explorerScript))}${proofScripts(page.proof)}
</body></html>
`.html
}

/** Returns the lines that identify a contradiction's operations. */
const firstLines = (history: History, { operations }: Counterexample): number[] =>
  operations.map(({ operation }) => linesOf(history, operation)[0] ?? 0)

const accusedLines = (history: History, counterexample: Counterexample): number[] =>
  [...accusedOf(history, counterexample)].map((operation) => linesOf(history, operation)[0] ?? 0)

const finite = (value: number): number | null => (Number.isFinite(value) ? Math.round(value) : null)

function topFacts({ title, history, run }: Page): string[] {
  const operations = plural(history.operations.length, 'operation')
  if (run === undefined) return [title, operations]
  return [
    title,
    // Omit the number of clients for a recording: chaos does not run its clients, and does not know their number.
    [...(run.spec.clients === 0 ? [] : [plural(run.spec.clients, 'client')]), duration(run.durationNanos)].join(', '),
    operations,
    `seed ${run.spec.seed}`,
    run.startedAt.replace('T', ' ').replace(/(:\d\d)?(\.\d+)?Z$/, ' UTC'),
  ]
}

/** Maximum number of warnings shown; the others are collapsed. */
const MOST_WARNINGS = 2

/** Returns the part of the page above the drawing: what happened, why, and what to do next. */
function head(page: Page, facts: Facts, telling: Telling): Html {
  const warnings = warningsOf(page, facts, telling)
  const [first, rest] = [warnings.slice(0, MOST_WARNINGS), warnings.slice(MOST_WARNINGS)]
  const list = (some: readonly string[]) => some.length > 0 && listOf('warnings', some.map(capitalised))
  return html`<section class="head" aria-labelledby="verdict"><h1 id="verdict"${facts.headline.mood === 'bad' && html` class="bad"`}>${telling.what}</h1><p class="standing">${standing(facts)}</p><p class="lede">${ledeOf(page, facts)}</p>${list(first)}${rest.length !== 0 && folded('more', plural(rest.length, 'more warning'), list(rest))}${answers(telling, nextAnswer(page, telling))}</section>`
}

export function answers(telling: Telling, next: Html): Html {
  const { settings } = telling.why
  const chosen = settings === '' ? undefined : html` <span class="settings">${settings}</span>`
  return html`<dl class="answers">${answersOf(telling).map(
    ([name, text]) =>
      html`<div><dt>${name}</dt><dd>${name === 'Next' ? next : html`${capitalised(printable(text))}${chosen}`}</dd></div>`,
  )}</dl>`
}

/** Returns the next step, and its command with a button that copies it. */
export function nextAnswer(
  { again: repeats, run }: Page,
  { next: { text, command } }: Telling,
  { canCopy = true }: { readonly canCopy?: boolean } = {},
): Html {
  const copy = canCopy ? html`<button id="copy" type="button">Copy</button>` : undefined
  const promise =
    run === undefined || command === undefined || command !== repeats
      ? ''
      : run.tier === 'simulated'
        ? 'Repeats the run to the byte.'
        : 'Repeats the workload and the schedule of faults; on real processes the interleaving may differ.'
  const note = promise === '' ? undefined : html` <span class="settings">${promise}</span>`
  return html`${text}${note}${command !== undefined && html`<div class="reproduce"><code id="command" tabindex="0">${printable(command)}</code>${copy}</div>`}`
}

/** Returns the drawings of a violation, collapsed if the level was not promised. */
function contradiction({ isAside }: Facts, title: string, drawings: readonly (Html | undefined)[]): Html {
  return isAside
    ? html`<section aria-labelledby="why">${folded('more', html`<h2 id="why">${title}</h2>`, drawings)}</section>`
    : sectionOf('why', title, drawings)
}

function judgement(page: Page, { expectation, requirements }: Facts, { next }: Telling): Html {
  const { report, run } = page
  const rows: [string, string][] = [
    // If a level was expected, the page already states the found level under its title, so omit it here.
    ['Found', report === undefined || expectation !== undefined ? '' : foundText(report)],
    ...requirements.map(({ requirement, found }): [string, string] => [requirement, found]),
    ...(run?.notes ?? []).map((text): [string, string] => ['Note', text]),
    ['Model', report?.model ?? ''],
    [
      'Checked',
      run === undefined
        ? ''
        : `${plural(run.operations.total, 'operation')} in ${durationOfMillis(run.timing.checkMs)}`,
    ],
    ['Repeat', next.command === page.again ? '' : printable(page.again ?? '')],
    ['Exit code', exitText(page.exitCode, expectation !== undefined || requirements.length > 0)],
  ]
  return html`<dl class="facts">${rows
    .filter(([, fact]) => fact !== '')
    .map(([name, fact]) => html`<div><dt>${name}</dt><dd>${fact}</dd></div>`)}</dl>`
}

/**
 * Returns the meaning of the exit code. Leaves out exit code 0 if no level was expected, because a success next to a
 * violation would be confusing.
 */
const exitText = (code: number | undefined, isExpected: boolean): string => {
  if (code === undefined || (code === 0 && !isExpected)) return ''
  const meaning = [
    'expectation met',
    'expectation violated',
    'unknown, or proves nothing',
    'usage or input',
    'environment',
  ][code]
  return `${code}, ${meaning ?? 'interrupted'}`
}

const uncutNote = (counterexample: Counterexample): Html | undefined => {
  const text = uncutText(counterexample)
  return text === undefined ? undefined : note(html`<b>${text}</b>`)
}

interface Beside {
  readonly facts?: Facts | undefined
  /** Whether lines can link to a timeline on the page; by default true. */
  readonly hasTimeline?: boolean
}

const faultNotes = (near: readonly NearFault[]): readonly Html[] =>
  near.map(({ whole }) => note(html`<span class="key-band"></span> ${whole}`))

/** Width of a page between its margins, in pixels. */
const WHOLE_WIDTH = 1080

export function figure(
  page: Page,
  violation: Violation,
  known: Pick<Facts, 'spans' | 'may'>,
  { facts, hasTimeline = true }: Beside = {},
): Html {
  const { history, historyFile, linksHistory = true } = page
  const { counterexample, sheet } = violation
  const cited = citation(history, counterexample, fileName(historyFile))
  const drawn = drawnOf(history, counterexample)
  const { near, wire } = facts ?? { near: nearFaults(history, counterexample, known), wire: undefined }
  const lede = facts && ledeOf(page, facts)
  const hidden = counterexample.operations.length - drawn.operations.length
  const also = alsoForbiddenBy(violation)
  // The top of the page is about another violation, so state the cause of this violation here.
  const cause = facts?.isAside === true ? facts.why.text : ''
  const whole = capitalised([printable(counterexample.sentence), cause].join(' ').trim())
  const notes = html`${wireNotes(wire)}${uncutNote(counterexample)}${lede !== undefined && lede !== '' && whole.startsWith(lede) ? undefined : note(whole)}${also !== '' && note(also)}${note(linksHistory ? html`<a href="${fileLink(historyFile)}">${cited}</a>` : cited)}`
  if (sheet !== undefined && sheet.isTimed !== true)
    return html`<div class="pictured">${sheetTable(history, sheet, hasTimeline)}<div>${faultNotes(near)}${notes}</div></div>`
  const { transactions } = counterexample
  if (transactions !== undefined) {
    const shown = canDraw(history, transactions)
      ? scrollOf(
          `Drawing of the transactions in ${cited}, scrolls sideways`,
          transactionsSvg(history, counterexample, transactions, { width: WHOLE_WIDTH }),
        )
      : transactionsList(history, transactions)
    return html`<div class="transactions">${shown}${faultNotes(near)}${notes}</div>`
  }
  return html`${hidden !== 0 && note(`The drawing shows only the operations that decide the violation; ${plural(hidden, 'more operation is', 'more operations are')} in the history file, at the lines cited.`)}<div class="contradiction">${scrollOf(`Drawing of the contradiction in ${cited}, scrolls sideways`, contradictionSvg(history, drawn, near, { wire }))}<div>${story(history, drawn, hasTimeline)}${faultNotes(near)}${notes}</div></div>${sheet !== undefined && sheet.rows.length > drawn.operations.length ? sheetTable(history, sheet, hasTimeline) : undefined}`
}

/**
 * Returns figures of the violations other than the main violation. The figures are collapsed, except the first if
 * `isFirstOpen` is set. Set it if the main figure does not show how its violation arose.
 */
function otherFigures(
  page: Page,
  violations: readonly Violation[],
  known: Pick<Facts, 'spans' | 'may'>,
  isFirstOpen: boolean,
): Html | undefined {
  const figures = violations.map((violation, i) => {
    const { counterexample } = violation
    const [level, ...sentence] = violationText(counterexample).split(': ')
    const lines = firstLines(page.history, counterexample).join(' ')
    const open = isFirstOpen && i === 0 ? html` open` : undefined
    return html`<details${open} data-lines="${lines}" data-accused="${accusedLines(page.history, counterexample).join(' ')}"><summary><b>${level}:</b> ${sentence.join(': ')}</summary>${figure(page, violation, known)}</details>`
  })
  return figures.length === 0 ? undefined : html`<div class="also"><h3>Also</h3>${figures}</div>`
}
