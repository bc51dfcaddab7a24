import { type Counterexample, type Report, verdictOf } from '@chaosproxy/checker'
import { count, type History } from '@chaosproxy/history'
import { strongestOf } from '@chaosproxy/runner/result'
import { levelRows, rowName } from '../level-words.ts'
import { linesOf, printable } from '../operation-words.ts'
import type { PageStyle } from './evidence.ts'
import { type Cell, table } from './table.ts'
import { displayWidth, wrap } from './width.ts'

/** A reason this short may be repeated. */
const SHORT = 80

/**
 * Every level with its verdict, strongest first; levels that only follow from others share a row. A long reason that
 * the page has already given is not repeated.
 */
export function levelTable(report: Report<string>, history: History, page: PageStyle, saidAbove?: string): string[] {
  const { style, symbols } = page
  const rows = levelRows(report)
  const names = rows.map((row) => rowName(row, symbols.ellipsis))
  const room = page.width - Math.max('level'.length, ...names.map(displayWidth)) - 3
  const cells = rows.flatMap((row, i): Cell[][] => {
    const verdict = verdictOf(report, row.levels[0])
    const place = verdict.result === 'violated' ? placeOf(history, verdict.counterexample) : ''
    const note = printable(row.note)
    const [text, paint] =
      row.result === 'met'
        ? [
            note === 'follows'
              ? `${symbols.met} follow${row.levels.length > 1 ? '' : 's'} from it`
              : `${symbols.met} met`,
            style.green,
          ]
        : row.result === 'violated'
          ? [`${symbols.violated} violated ${note}${place}`, style.accent]
          : [
              `${symbols.unknown} unknown: ${note.length > SHORT && row.note === saidAbove ? 'as said above' : note}`,
              style.yellow,
            ]
    return wrap(text, Math.max(20, room - 2)).map((line, part) => [
      { text: part === 0 ? (names[i] ?? '') : '' },
      { text: part === 0 ? line : `  ${line}`, paint },
    ])
  })
  return table([{ title: 'level' }, { title: 'verdict' }], cells, style.dim).map((line) => line.trimEnd())
}

const WORDS = { violated: 'violated', unknown: 'unknown', met: 'met' } as const

/** The levels of each verdict in a line, strongest first. */
export function briefLevels(report: Report<string>, { width, style, symbols }: PageStyle): string[] {
  const rows = levelRows(report)
  const paint = { violated: style.accent, unknown: style.yellow, met: style.green }
  return (['violated', 'unknown', 'met'] as const).flatMap((result) => {
    const names = rows.filter((row) => row.result === result).flatMap(({ levels }) => levels)
    if (names.length === 0) return []
    return wrap(`${symbols[result]} ${WORDS[result]}: ${names.join(', ')}`, width).map((line) => paint[result](line))
  })
}

const placeOf = (history: History, counterexample: Counterexample): string => {
  const at = counterexample.culprit ?? counterexample.operations[0]?.operation
  const line = at === undefined ? undefined : linesOf(history, at)[0]
  return line === undefined ? '' : `, line ${count(line)}`
}

/** The reason the headline gives for an unknown verdict, which the table need not repeat. */
export function saidAbove(report: Report<string>, asked: string | undefined): string | undefined {
  const verdict = verdictOf(report, asked ?? strongestOf(report))
  return verdict.result === 'unknown' ? verdict.reason : undefined
}
