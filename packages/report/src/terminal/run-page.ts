import type { Accounting, Report, Verdict } from '@chaosproxy/checker'
import { asciiOnly, count, type History, plural } from '@chaosproxy/history'
import type { RequirementResult, RunSummary } from '@chaosproxy/runner/result'
import { accountLines, sumsText } from '../accounting-words.ts'
import { type Facts, factsOf } from '../facts/facts.ts'
import type { Headline } from '../facts/headline.ts'
import { NOTHING_SHOWN } from '../facts/why.ts'
import { lostText } from '../losses/register.ts'
import { clocksText, requirementText, stalenessText, viewsTexts } from '../measured-words.ts'
import { keyedText, printable } from '../operation-words.ts'
import { proofTexts, type WrittenProof } from '../proof.ts'
import { isUnjudged, recordFactsOf } from '../record.ts'
import type { Next } from '../telling/next.ts'
import { answersOf, type Telling, tellingOf } from '../telling/telling.ts'
import { durationOfMillis, listedAtMost, nonEmpty, perSecond } from '../words.ts'
import { atAGlance, type Brevity, whole } from './brevity.ts'
import { evidence, otherViolations, type PageStyle } from './evidence.ts'
import { levelLines } from './level-table.ts'
import { drawRace } from './race-lines.ts'
import { recordText } from './record-text.ts'
import {
  countsText,
  faultLines,
  idleTexts,
  infoText,
  majorityText,
  nodesText,
  phasesInBrief,
  phaseTable,
} from './run-tables.ts'
import { painted, paintFor, resultPaints, type Style, symbolsOf, type TerminalOptions } from './style.ts'
import { clip, fitLine, spread, wrap, wrapAll } from './width.ts'

/** Options of a run's page. */
export interface RunPageOptions extends TerminalOptions {
  /** Path of the history as the user would type it. Citations show only the file name. */
  readonly historyFile: string
  /** Path of the HTML report, if one was written. */
  readonly reportFile?: string | undefined
  readonly again?: string | undefined
  readonly exitCode?: number | undefined
  readonly proof?: WrittenProof | undefined
}

/** Renders the page at the end of a run. */
export function renderRun(summary: RunSummary, history: History, style: Style, options: RunPageOptions): string {
  const { report } = summary
  const facts = factsOf({ history, report, run: summary })
  const { headline, requirements } = facts
  const record = recordFactsOf(history, undefined)
  const telling = tellingOf(facts, { history, run: summary, again: options.again })
  // The page may be shortened only if the report has the omitted parts.
  const canShorten = facts.counterexample !== undefined && options.reportFile !== undefined
  return fittedPage(style, options, canShorten, (page) => [
    report === undefined
      ? [style.bold(style.yellow('NOT CHECKED'))]
      : [
          ...headLines(
            telling,
            headline,
            `checked ${plural(summary.operations.total, 'operation')} in ${durationOfMillis(summary.timing.checkMs)}`,
            page,
          ),
          ...answerLines(telling, page),
        ],
    warningLines(summary, telling, page),
    recordText(record, ({ isDoubt }) => isDoubt, page),
    report === undefined ? [] : levelLines(report, history, facts, page),
    evidenceOf(facts, history, options, page),
    report === undefined ? [] : lostLines(report, page),
    recordText(record, isUnjudged, page),
    page.brevity.phases
      ? phasesInBrief(summary.phases, page, page.brevity.remainder ? idleTexts(summary) : [])
      : phaseLines(summary, facts, page),
    factLines(summary, page),
    requirementLines(requirements, page),
    fileLines(options, telling, page),
    options.proof === undefined ? [] : proofLines(options.proof, page),
    facts.expectation === undefined && options.exitCode === 0 && (headline.mood === 'bad' || requirements.length === 0)
      ? spread(
          style.dim(`nothing was expected${headline.mood === 'bad' ? ', so this is no failure' : ''}`),
          'exit code 0',
          page.width,
        )
      : expectationLines(facts, options.exitCode, page),
  ])
}

/** Renders a page. With `canShorten`, omits parts of the page to fit the screen. */
export function fittedPage(
  style: Style,
  options: TerminalOptions,
  canShorten: boolean,
  sectionsOf: (page: PageStyle) => string[][],
): string {
  const draw = (brevity: Brevity): string => finish(sectionsOf({ ...pageStyle(style, options), brevity }), options)
  return canShorten ? atAGlance(draw) : draw(whole)
}

function phaseLines({ phases }: RunSummary, facts: Facts, page: PageStyle): string[] {
  if (phases.length === 0) return []
  const majority = majorityText(phases, facts)
  return [...phaseTable(phases, page), ...(majority === '' ? [] : ['', ...wrap(majority, page.width)])]
}

const NARROWEST = 40
const MARGIN = 2

const pageWidthOf = ({ width }: TerminalOptions): number => Math.max(NARROWEST, width) - MARGIN

export const pageStyle = (style: Style, options: TerminalOptions): PageStyle => ({
  width: pageWidthOf(options),
  style,
  symbols: symbolsOf(options),
  brevity: whole,
})

export const nextLines = ({ text, command }: Next, page: PageStyle): string[] => [
  ...(text === '' ? [] : wrap(printable(`Next: ${text}`), page.width)),
  ...(command === undefined ? [] : [copiedRow('next', command, page)]),
]

/**
 * Marks a line that must stay in one piece for copying. The mark is NUL, a character that texts of this program never
 * contain.
 */
export const copied = (line: string): string => `${COPIED}${line}`

const COPIED = '\u0000'

/** Returns a line with a name and a path or command. The line is never wrapped, so that users can copy it. */
export const copiedRow = (name: string, value: string, { style }: PageStyle): string =>
  copied(`${style.dim(name.padEnd(9))}${printable(value)}`)

/** Joins sections to a page with a margin of two columns. */
export function finish(sections: readonly (readonly string[])[], options: TerminalOptions): string {
  const width = pageWidthOf(options)
  // Lines are broken after the replacement of characters, because ASCII replacements may be wider.
  const encoded = options.unicode ? (text: string) => text : asciiOnly
  return sections
    .filter((section) => section.length > 0)
    .flatMap((section) => ['', ...section.flatMap((line) => fittedLines(encoded(line), width))])
    .map((line) => (line === '' ? '\n' : `  ${line}`.trimEnd().concat('\n')))
    .join('')
}

const fittedLines = (line: string, width: number): readonly string[] =>
  line.startsWith(COPIED) ? [line.slice(COPIED.length)] : fitLine(line, width)

/** Returns the headline. Drops its second part if the page repeats it below. */
export function headLines(
  { outcome }: Telling,
  { mood, title, verdict, beside }: Headline,
  right: string,
  { width, style, brevity }: PageStyle,
): string[] {
  const paint = (text: string): string => style.bold(paintFor(mood, style)(text))
  return [
    // The title keeps its lower case: capitals would turn a name such as p2 into another name.
    ...(title === verdict ? [] : wrap(title, width, paint)),
    ...spreadOrStacked(paint(verdict.toUpperCase()), style.dim(right), width),
    ...(brevity.remainder || outcome === 'unknown' || beside === '' ? [] : wrap(printable(beside), width)),
  ]
}

/** Returns the cause and the next step. */
export function answerLines(telling: Telling, page: PageStyle): string[] {
  const { settings } = telling.why
  return answersOf(telling).flatMap(([name, answer]) => {
    // A short page omits the settings, which the report shows.
    const beside = name === 'Next' || settings === '' || page.brevity.remainder ? '' : ` (${settings})`
    return wrap(`${name.toLowerCase()}: ${printable(answer)}${beside}`, page.width)
  })
}

/** Puts a text at the right end of the title's line, or below the title. */
const spreadOrStacked = (title: string, right: string, width: number): string[] => {
  const lines = spread(title, right, width)
  return lines.length === 1 ? lines : [title, right]
}

function warningLines(summary: RunSummary, { outcome }: Telling, page: PageStyle): string[] {
  const lines = [
    ...(summary.interrupted && outcome !== 'interrupted'
      ? ['interrupted: what was recorded until then is checked']
      : []),
    // Even an incomplete record proves a violation. If the outcome is `vacuous`, the page already says why.
    ...(outcome === 'vacuous' || outcome === 'violated' ? [] : vacuousTexts(summary.vacuous)),
    ...summary.trouble,
  ]
  return warnings(lines, page)
}

export const vacuousTexts = (vacuous: readonly string[]): string[] =>
  vacuous.map((reason) => `proves little: ${reason}`)

export const warnings = (texts: readonly string[], { width, style, symbols }: PageStyle): string[] =>
  painted(
    wrapAll(
      texts.map((text) => `${symbols.warning} ${printable(text)}`),
      width,
    ),
    style.yellow,
  )

export function evidenceOf(
  facts: Facts,
  history: History,
  options: Pick<RunPageOptions, 'historyFile'>,
  page: PageStyle,
): string[] {
  const { violations, race } = facts
  const [shown] = violations
  if (shown === undefined) return []
  const file = fileName(options.historyFile)
  return [
    // The top of the page already states the cause, unless the violation is of a stronger level than the requested one
    // (`isAside`).
    ...evidence(history, shown, facts.isAside ? facts : { ...facts, why: NOTHING_SHOWN }, file, page),
    ...(race === undefined ? [] : ['', ...drawRace(race, page)]),
    ...otherViolations(history, violations, file, page),
  ]
}

export const fileName = (path: string): string => printable(path.split(/[\\/]/).pop() ?? path)

/**
 * Returns lines about the lost acknowledged writes. For a model that accounts for its elements, returns lines about
 * what happened to the elements.
 */
export function lostLines(report: Report<string>, page: PageStyle): string[] {
  const { width, style, symbols } = page
  const { accounting } = report
  if (accounting !== undefined) return accountingLines(accounting, page)
  if (report.lost.length === 0) return []
  const writes = report.lost.map((write) => keyedText(write, 16))
  const text = `${symbols.violated} ${lostText(report.lost)}: ${listedAtMost(writes, page.brevity.picture ? 2 : 6)}`
  return wrap(text, width, style.accent)
}

function accountingLines(accounting: Accounting, page: PageStyle): string[] {
  const { width, style, symbols, brevity } = page
  const isBrief = brevity.remainder
  const lines = accountLines(accounting)
    .filter(({ isTrouble }) => isTrouble || !isBrief)
    .flatMap(({ what, count: amount, meaning, items, isTrouble }) => {
      const text = `${count(amount)} ${what} (${meaning}): ${listedAtMost(items, 6)}`
      const marked = isTrouble ? `${symbols.violated} ${text}` : text
      const lineParts = brevity.picture ? [clip(marked, width, symbols.ellipsis)] : wrap(marked, width)
      return lineParts.map((line) => (isTrouble ? style.accent(line) : line))
    })
  return isBrief ? lines : [...wrap(`accounting: ${sumsText(accounting)}`, width), ...lines]
}

function factLines(summary: RunSummary, page: PageStyle): string[] {
  const { operations, durationNanos, nodes, faults, report, views, notes = [] } = summary
  const { width, brevity } = page
  if (brevity.picture) return []
  const counts = countsText(summary, perSecond(operations.total, durationNanos))
  if (brevity.remainder) return wrap(counts, width)
  const isWhole = !brevity.figures
  const { info, staleness, clocks } = report ?? {}
  const measured = nonEmpty([
    isWhole && info !== undefined && info.total > 0 ? infoText(info) : '',
    staleness === undefined ? '' : stalenessText(staleness),
    isWhole && clocks !== undefined ? clocksText(clocks) : '',
    ...(isWhole && views !== undefined ? viewsTexts(views) : []),
    ...(isWhole ? notes : []),
  ])
  return [
    ...wrap(counts, width),
    ...(isWhole ? wrapAll(nonEmpty([nodesText(nodes, faults.length === 0 ? '' : ', before healing')]), width) : []),
    ...faultLines(summary, page),
    ...wrapAll(measured, width),
  ]
}

function fileLines(options: RunPageOptions, { next: { command } }: Telling, page: PageStyle): string[] {
  const entries: [string, string | undefined][] = [
    ['report', options.reportFile],
    ['history', options.historyFile],
    ['again', options.again],
    ['next', command === options.again ? undefined : command],
  ]
  // Paths and commands are never wrapped, so that they can be copied.
  return entries.flatMap(([name, value]) => (value === undefined ? [] : [copiedRow(name, value, page)]))
}

export function proofLines(proof: WrittenProof, page: PageStyle): string[] {
  const { written } = proof
  return [
    copiedRow('proof', written === undefined ? 'none' : `chaos verify ${written.history} ${written.file}`, page),
    ...wrapAll(proofTexts(proof).map(printable), page.width),
  ]
}

export function requirementLines(
  results: readonly RequirementResult[],
  { width, style, symbols }: PageStyle,
): string[] {
  return results.flatMap((requirement) => {
    const result = resultOf(requirement.met)
    const text = printable(`${symbols[result]} ${requirementText(requirement)}`)
    return wrap(text, width, resultPaints(style)[result])
  })
}

const resultOf = (met: boolean | 'unknown'): Verdict['result'] =>
  met === 'unknown' ? 'unknown' : met ? 'met' : 'violated'

/**
 * Returns lines with the expected level, the found level, the number of requirements that are not met, and the exit
 * code.
 */
export function expectationLines(
  { expectation, expected, requirements }: Pick<Facts, 'expectation' | 'expected' | 'requirements'>,
  exitCode: number | undefined,
  { width, style }: PageStyle,
): string[] {
  const exit = exitCode === undefined ? '' : `exit code ${exitCode}`
  if (expectation === undefined) return exitCode === undefined || exitCode === 0 ? [] : [style.dim(exit)]
  const missed = requirements.filter(({ met }) => met !== true)
  const text = missed.length === 0 ? expected : `${expected}; ${plural(missed.length, 'requirement')} not met`
  const isBroken = missed.some(({ met }) => met === false)
  const paint = resultPaints(style)[isBroken ? 'violated' : resultOf(expectation.met)]
  // The exit code is at the right end of the line if it fits.
  const lines = spread(paint(text), exit, width)
  return lines.length === 1 ? lines : nonEmpty([...wrap(text, width, paint), exit])
}
