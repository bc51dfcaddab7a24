import type { Level, Report } from '@chaos/checker'
import type { History } from '@chaos/history'
import { faultSpans } from '../fault-spans.ts'
import { foundText } from '../level-words.ts'
import { hasTimes } from '../moments.ts'
import { linesOf, printable } from '../operation-words.ts'
import type { Expectation } from '../run-summary.ts'
import { statisticsOf } from '../statistics.ts'
import { count, duration, durationOfMillis, plural } from '../words.ts'
import { accusedLevel, counterexampleOf, evidence, otherViolations } from './evidence.ts'
import { headlineOf } from './headline.ts'
import { levelTable } from './level-table.ts'
import { expectationText, fileName, finish, headLines, lostLines, pageStyle } from './run-page.ts'
import { countsText, infoText, nodesText } from './run-tables.ts'
import { type Style, type Symbols, symbolsOf, type TerminalOptions } from './style.ts'
import { type Cell, table } from './table.ts'
import { clip, wrap } from './width.ts'

/** One file that was checked, or why it could not be. */
export type CheckRow =
  | {
      readonly file: string
      readonly report: Report
      readonly history: History
      /** Reading and checking together, milliseconds. */
      readonly elapsedMs: number
    }
  | { readonly file: string; readonly trouble: string }

const shownLevels = ['linearizable', 'sequential', 'causal', 'eventual'] as const satisfies readonly Level[]

/** One line per file, as `chaos check` prints for several of them. Ends in a newline. */
export function renderCheckTable(rows: readonly CheckRow[], style: Style, options: TerminalOptions): string {
  const symbols = symbolsOf(options)
  const checked = rows.filter((row) => 'report' in row)
  const cells = checked.map((row): (Cell | string)[] => [
    printable(row.file),
    row.report.model,
    count(row.history.operations.length),
    ...shownLevels.map((level) => levelCell(row.report, row.history, level, style, symbols)),
    durationOfMillis(row.elapsedMs),
  ])
  const troubles = rows.flatMap((row) =>
    'trouble' in row ? [`${style.accent(symbols.violated)} ${printable(row.trouble)}`] : [],
  )
  const lines =
    checked.length === 0
      ? []
      : table(
          [
            { title: 'file' },
            { title: 'model' },
            { title: 'ops', align: 'right' },
            ...shownLevels.map((title) => ({ title })),
            { title: 'time', align: 'right' },
          ],
          cells,
          style.dim,
        )
  return finish([lines, troubles], options).replace(/^\n/, '')
}

function levelCell(report: Report, history: History, level: Level, style: Style, symbols: Symbols): Cell {
  const verdict = report.levels[level]
  if (verdict.result === 'met') return { text: symbols.met, paint: style.green }
  if (verdict.result === 'unknown')
    return {
      text: `${symbols.unknown} ${clip(shortReason(verdict.reason), 18, symbols.ellipsis)}`,
      paint: style.yellow,
    }
  const at = verdict.counterexample.culprit ?? verdict.counterexample.operations[0]?.operation
  const line = at === undefined ? undefined : linesOf(history, at)[0]
  return { text: `${symbols.violated}${line === undefined ? '' : ` line ${count(line)}`}`, paint: style.accent }
}

/** The reason's first clause: the rest is on the file's own page. */
const shortReason = (reason: string): string => printable(reason.split(/[:;,.(]/)[0]?.trim() ?? reason)

export interface CheckPageOptions extends TerminalOptions {
  /** As the reader typed it. */
  readonly file: string
  readonly parseMs: number
  readonly checkMs: number
  readonly expectation?: Expectation | undefined
  readonly reportFile?: string | undefined
  readonly exitCode?: number | undefined
}

/** The page of a single file: the verdict, every level with its reason, the contradiction drawn and cited. Ends in a newline. */
export function renderCheck(report: Report, history: History, style: Style, options: CheckPageOptions): string {
  const page = pageStyle(style, options)
  const statistics = statisticsOf(history)
  const shown = counterexampleOf(report, accusedLevel(report, options.expectation?.level))
  const right = `${fileName(options.file)} · ${report.model} · ${plural(history.operations.length, 'operation')} · read in ${durationOfMillis(options.parseMs)}, checked in ${durationOfMillis(options.checkMs)}`
  const facts = [
    countsText(statistics, undefined),
    nodesText(statistics.nodes),
    hasTimes(history) && statistics.operations.ok > 0
      ? `latency p50 ${duration(statistics.p50Nanos)}, p99 ${duration(statistics.p99Nanos)}`
      : '',
    report.info.total > 0 ? infoText(report.info) : '',
  ].filter((fact) => fact !== '')
  const exit = options.exitCode === undefined ? '' : `exit code ${options.exitCode}`
  const { expectation } = options
  return finish(
    [
      headLines(headlineOf(report, expectation?.level, false), right, page),
      history.warnings.flatMap((warning) =>
        wrap(`${page.symbols.warning} ${printable(warning)}`, page.width).map((line) => style.yellow(line)),
      ),
      levelTable(report, history, page),
      shown === undefined
        ? []
        : [
            ...evidence(history, shown, faultSpans(history, undefined), fileName(options.file), page),
            ...otherViolations(report, history, shown, fileName(options.file), page),
          ],
      lostLines(report, page),
      facts.flatMap((fact) => wrap(fact, page.width)),
      options.reportFile === undefined ? [] : [`${style.dim('report'.padEnd(9))}${printable(options.reportFile)}`],
      expectation === undefined
        ? []
        : expectationText(
            `expected ${expectation.level}, found ${foundText(report)}`,
            expectation.met === true ? style.green : expectation.met === false ? style.accent : style.yellow,
            exit,
            page.width,
          ),
    ],
    options,
  )
}
