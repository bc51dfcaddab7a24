import type { Report } from '@chaosproxy/checker'
import { count, duration, type History, hasTimes, type Json, operationsIn, plural } from '@chaosproxy/history'
import { judgedLevels, statisticsOf } from '@chaosproxy/runner/result'
import { shortName } from '../comparison-words.ts'
import { type FactsInput, factsOf } from '../facts/facts.ts'
import { reasonText } from '../level-words.ts'
import { clocksText, stalenessText } from '../measured-words.ts'
import { type Lines, printable } from '../operation-words.ts'
import { recordFactsOf } from '../record.ts'
import { tellingOf } from '../telling/telling.ts'
import { durationOfMillis, nonEmpty } from '../words.ts'
import { levelLines, placeOf } from './level-table.ts'
import { recordText } from './record-text.ts'
import {
  answerLines,
  copiedRow,
  evidenceOf,
  expectationLines,
  fileName,
  finish,
  fittedPage,
  headLines,
  lostLines,
  pageStyle,
  proofLines,
  type RunPageOptions,
  requirementLines,
  vacuousTexts,
  warnings,
} from './run-page.ts'
import { countsText, infoText, nodesText } from './run-tables.ts'
import { type Style, type Symbols, symbolsOf, type TerminalOptions } from './style.ts'
import { type Cell, table } from './table.ts'
import { clip, displayWidth, wrapAll } from './width.ts'

/** A checked file, or the reason why it could not be checked. */
export type CheckRow =
  | {
      readonly file: string
      readonly report: Report<string>
      readonly history: Lines
      /** Milliseconds for reading and checking the file together. */
      readonly elapsedMs: number
      /** Why the history proves less than it seems to. */
      readonly vacuous: readonly string[]
      /** The expected level. */
      readonly expected?: string | undefined
    }
  | { readonly file: string; readonly trouble: string }

/**
 * Alternative lists of levels for the columns of the table. The table uses the first of these lists whose strongest
 * level is judged.
 */
const columnLevels: readonly (readonly [strongest: string, ...others: string[]])[] = [
  ['linearizable', 'sequential', 'causal', 'eventual'],
  ['strict-serializable', 'serializable', 'snapshot-isolation', 'read-committed'],
]
/** Number of levels in the table if the judge decides none of `columnLevels`. */
const MOST_OTHERS = 4

function columnsFor(rows: readonly Extract<CheckRow, { readonly report: unknown }>[]): readonly string[] {
  const columns = new Set<string>()
  for (const { report, expected = '' } of rows) {
    const levels = judgedLevels(report)
    const shown = columnLevels.find(([strongest]) => levels.includes(strongest)) ?? levels.slice(0, MOST_OTHERS)
    for (const level of [...shown, expected]) if (levels.includes(level)) columns.add(level)
  }
  return [...columns]
}

interface Room {
  readonly reason: number
  readonly file: number
  readonly withoutModel?: boolean
}

/** Pairs of maximum column widths, for the reason and the file's name. The widest pair comes first. */
const ROOMS = [
  { reason: 28, file: 200 },
  { reason: 18, file: 200 },
  { reason: 11, file: 200 },
  { reason: 0, file: 200 },
  { reason: 0, file: 32 },
  { reason: 0, file: 18 },
  { reason: 0, file: 18, withoutModel: true },
] as const satisfies readonly Room[]

/** Renders one line per file, as `chaos check` prints for several files. */
export function renderCheckTable(rows: readonly CheckRow[], style: Style, options: TerminalOptions): string {
  const symbols = symbolsOf(options)
  const checked = rows.filter((row) => 'report' in row)
  const columns = columnsFor(checked)
  const draw = (room: Room): string[] =>
    table(
      [
        { title: 'file' },
        ...(room.withoutModel ? [] : [{ title: 'model' }]),
        { title: 'ops', align: 'right' },
        ...columns.map((level) => ({ title: room.withoutModel ? shortName(level) : level })),
        { title: 'time', align: 'right' },
      ],
      checked.map((row): (Cell | string)[] => [
        clipStart(printable(row.file), room.file, symbols.ellipsis),
        ...(room.withoutModel ? [] : [row.report.model]),
        count(row.history.operations.length),
        ...columns.map((level) => levelCell(row.report, row.history, level, room.reason, style, symbols)),
        durationOfMillis(row.elapsedMs),
      ]),
      style.dim,
      2,
    )
  // The table fits the terminal because reasons are truncated. The page of a single file shows the full reasons.
  const drawn = checked.length === 0 ? [] : ROOMS.map(draw)
  const lines =
    drawn.find((lines) => displayWidth(lines[0] ?? '') <= options.width - 2) ?? drawn[drawn.length - 1] ?? []
  const troubles = rows.flatMap((row) =>
    'trouble' in row ? [`${style.accent(symbols.violated)} ${printable(row.trouble)}`] : [],
  )
  const doubts = checked.flatMap(({ file, vacuous }) => vacuousTexts(vacuous).map((text) => `${file} ${text}`))
  return finish([lines, troubles, warnings(doubts, pageStyle(style, options))], options).replace(/^\n/, '')
}

function levelCell(
  report: Report<string>,
  history: Lines,
  level: string,
  room: number,
  style: Style,
  symbols: Symbols,
): Cell {
  const verdict = report.levels[level]
  if (verdict === undefined) return { text: '' }
  if (verdict.result === 'met') return { text: symbols.met, paint: style.green }
  if (verdict.result === 'unknown') {
    const reason =
      room === 0 ? '' : ` ${clip(shortReason(reasonText(level, verdict.reason.text)), room, symbols.ellipsis)}`
    return { text: `${symbols.unknown}${reason}`, paint: style.yellow }
  }
  return { text: `${symbols.violated}${placeOf(history, verdict.counterexample, ' ')}`, paint: style.accent }
}

/** Truncates a path at its start, because files differ in the end of their paths. */
const clipStart = (text: string, width: number, ellipsis: string): string =>
  displayWidth(text) <= width ? text : ellipsis + text.slice(-Math.max(1, width - displayWidth(ellipsis)))

/** Returns the first clause of the reason. The page about the single file gives the whole reason. */
const shortReason = (reason: string): string => printable(reason.split(/[:;,.(]/)[0]?.trim() ?? reason)

export interface CheckPageOptions
  extends Omit<RunPageOptions, 'historyFile'>,
    Omit<FactsInput, 'history' | 'report' | 'run'> {
  /** Path of the file as typed. */
  readonly file: string
  readonly parseMs: number
  readonly checkMs: number
  /** The initial value assumed, if it differs from that in the history. */
  readonly initial?: Json | undefined
  /** Whether explanations of all contradictions follow the page. If so, the page is printed in full. */
  readonly explain?: boolean | undefined
}

/** Renders the page of a single file. */
export function renderCheck(report: Report<string>, history: History, style: Style, options: CheckPageOptions): string {
  const facts = factsOf({ ...options, history, report })
  const statistics = statisticsOf(history)
  const record = recordFactsOf(history, options.initial)
  const telling = tellingOf(facts, { history, again: options.again })
  const right = `${fileName(options.file)} · ${report.model} · ${plural(operationsIn(history), 'operation')} · read in ${durationOfMillis(options.parseMs)}, checked in ${durationOfMillis(options.checkMs)}`
  const counts = nonEmpty([
    countsText(statistics, undefined),
    nodesText(statistics.nodes),
    hasTimes(history) && statistics.operations.ok > 0
      ? `latency p50 ${duration(statistics.p50Nanos)}, p99 ${duration(statistics.p99Nanos)}`
      : '',
    report.info.total > 0 ? infoText(report.info) : '',
    report.staleness === undefined ? '' : stalenessText(report.staleness),
    report.clocks === undefined ? '' : clocksText(report.clocks),
  ])
  return fittedPage(style, options, facts.counterexample !== undefined && options.explain !== true, (page) => [
    [...headLines(telling, facts.headline, right, page), ...answerLines(telling, page)],
    warnings([...(telling.outcome === 'vacuous' ? [] : vacuousTexts(facts.vacuous)), ...history.warnings], page),
    recordText(record, ({ isDoubt }) => isDoubt, page),
    levelLines(report, history, facts, page),
    evidenceOf(facts, history, { historyFile: options.file }, page),
    lostLines(report, page),
    recordText(record, ({ isDoubt }) => !isDoubt, page),
    wrapAll(page.brevity.figures ? counts.slice(0, 1) : counts, page.width),
    requirementLines(facts.requirements, page),
    options.reportFile === undefined ? [] : [copiedRow('report', options.reportFile, page)],
    options.proof === undefined ? [] : proofLines(options.proof, page),
    expectationLines(facts, options.exitCode, page),
    page.brevity.others ? [style.dim('--explain prints every contradiction.')] : [],
  ])
}
