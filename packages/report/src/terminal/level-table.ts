import { type Counterexample, type Report, verdictOf } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { strongestOf } from '@chaosproxy/runner/result'
import { type Facts, PROVES_NONE } from '../facts/facts.ts'
import {
  despiteText,
  isolationColumns,
  isolationRows,
  levelRows,
  reasonsOfUnknown,
  rowName,
  whyNotOfModel,
} from '../level-words.ts'
import { type Lines, linesOf, printable } from '../operation-words.ts'
import { lineText } from '../places.ts'
import { capitalised, listedAtMost } from '../words.ts'
import type { PageStyle } from './evidence.ts'
import { painted, resultPaints } from './style.ts'
import { type Cell, table } from './table.ts'
import { clip, displayWidth, wrap } from './width.ts'

/**
 * The maximum length, in characters, of a reason that appears twice on a page. The second appearance of a longer reason
 * is replaced by a reference to the first.
 */
const SHORT = 80

type AboutLevels = Pick<Facts, 'headline' | 'requestedLevel' | 'isEmpty'>

/** Renders the verdicts on the levels. */
export function levelLines(report: Report<string>, history: History, facts: AboutLevels, page: PageStyle): string[] {
  const { width, style, symbols, brevity } = page
  if (facts.isEmpty) return wrap(`${symbols.unknown} ${PROVES_NONE}`, width, style.yellow)
  if (report.transactions !== undefined) return isolationTable(report, page)
  return brevity.reasons ? briefLevels(report, facts, page) : levelTable(report, history, facts, page)
}

/** Renders every level with its verdict, strongest first. A long reason appears only once on the page. */
function levelTable(
  report: Report<string>,
  history: History,
  { headline, requestedLevel }: AboutLevels,
  { width, style, symbols }: PageStyle,
): string[] {
  const rows = levelRows(report, headline.despite)
  const reason = undecidedReason(report, requestedLevel)
  const names = rows.map((row) => rowName(row.levels, symbols.ellipsis))
  const room = width - Math.max('level'.length, ...names.map(displayWidth)) - 3
  const cells = rows.flatMap((row, i): Cell[][] => {
    const verdict = verdictOf(report, row.levels[0])
    const place = verdict.result === 'violated' ? placeOf(history, verdict.counterexample, ', ') : ''
    const note = printable(row.note)
    const text =
      row.result === 'met'
        ? note === 'follows'
          ? `follow${row.levels.length > 1 ? '' : 's'} from it`
          : `met${note === '' ? '' : `: ${note}`}`
        : row.result === 'violated'
          ? `violated ${note}${place}`
          : `unknown: ${note.length > SHORT && row.note === reason ? 'as said above' : note}`
    return wrap(`${symbols[row.result]} ${text}`, Math.max(20, room - 2)).map((line, part) => [
      { text: part === 0 ? (names[i] ?? '') : '' },
      { text: part === 0 ? line : `  ${line}`, paint: resultPaints(style)[row.result] },
    ])
  })
  return table([{ title: 'level' }, { title: 'verdict' }], cells, style.dim).map((line) => line.trimEnd())
}

/** Returns one line for each verdict with its levels. */
function briefLevels(
  report: Report<string>,
  { headline: { despite, mood } }: AboutLevels,
  { width, style, symbols, brevity }: PageStyle,
): string[] {
  const rows = levelRows(report)
  const paint = resultPaints(style)
  const decided = (['violated', 'unknown', 'met'] as const).flatMap((result) => {
    const names = rows.filter((row) => row.result === result).flatMap(({ levels }) => levels)
    if (names.length === 0) return []
    const isShort = brevity.remainder && result === 'unknown'
    const listed = isShort ? listedAtMost(names, 2) : names.join(', ')
    return wrap(`${symbols[result]} ${result}: ${listed}`, width, paint[result])
  })
  const notes = [
    whyNotOfModel(report),
    // A page about a violation shows this note below its title.
    despite === undefined || mood === 'bad' ? undefined : despiteText(despite),
  ].filter((note) => note !== undefined)
  return [
    ...decided,
    ...notes.flatMap((note) => {
      const text = `${symbols.bullet} ${note}`
      const lines = brevity.picture ? [clip(text, width, symbols.ellipsis)] : wrap(text, width)
      return painted(lines, style.dim)
    }),
  ]
}

/**
 * Returns the line number of the impossible operation, preceded by `punctuation`; empty if the history has no lines.
 */
export const placeOf = (history: Lines, { culprit, operations }: Counterexample, punctuation: string): string => {
  const at = culprit ?? operations[0]?.operation
  const line = at === undefined ? undefined : linesOf(history, at)[0]
  return line === undefined ? '' : `${punctuation}${lineText(history, line)}`
}

/**
 * Returns why it is unknown whether the judged level is met; undefined if it is known. The headline already states this
 * reason.
 */
function undecidedReason(report: Report<string>, requestedLevel: string | undefined): string | undefined {
  const verdict = verdictOf(report, requestedLevel ?? strongestOf(report))
  return verdict.result === 'unknown' ? verdict.reason.text : undefined
}

/** Maximum number of reasons for undecided levels. `--json` prints all of them. */
const MOST_REASONS = 2

/**
 * Renders the isolation levels as a table. A level has a column for each of its forms: by itself, with session order,
 * and in real time.
 */
function isolationTable(report: Report<string>, { width, style, symbols }: PageStyle): string[] {
  const paint = resultPaints(style)
  const rows = isolationRows(report).map(({ isolations, cells }): Cell[] => [
    { text: rowName(isolations, symbols.ellipsis) },
    ...cells.map(
      ([cell]): Cell => (cell === undefined ? { text: '' } : { text: symbols[cell.result], paint: paint[cell.result] }),
    ),
  ])
  const columns = [{ title: 'level' }, ...isolationColumns.map(({ title }) => ({ title }))]
  const reasons = reasonsOfUnknown(report)
    .slice(0, MOST_REASONS)
    .flatMap((reason) => wrap(`${symbols.unknown} ${capitalised(printable(reason))}.`, width))
  return [...table(columns, rows, style.dim).map((line) => line.trimEnd()), ...painted(reasons, style.yellow)]
}
