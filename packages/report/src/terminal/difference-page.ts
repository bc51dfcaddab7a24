import { type Difference, type DifferenceRow, raceTexts, verdictTexts } from '../difference/difference.ts'
import { printable } from '../operation-words.ts'
import type { PageStyle } from './evidence.ts'
import { finish, pageStyle } from './run-page.ts'
import type { Style, TerminalOptions } from './style.ts'
import { table } from './table.ts'
import { displayWidth, wrap } from './width.ts'

/** Two results beside each other. Ends in a newline. */
export function renderDifference(
  difference: Difference,
  names: readonly [before: string, after: string],
  style: Style,
  options: TerminalOptions,
): string {
  const { losses, sentences, settings, levels, figures } = difference
  const page = pageStyle(style, options)
  const rows = [...settings, ...levels, ...figures]
  const [titles, legend] = columnsOf(names, page.width)
  const [before, after] = verdictTexts(difference).map((verdict, i) =>
    losses[i] ? `${printable(losses[i])} (${verdict})` : verdict,
  )
  const headline =
    before === after ? `Both: ${before}.` : `${printable(names[0])}: ${before}. ${printable(names[1])}: ${after}.`
  return finish(
    [
      wrap(printable(headline), page.width).map((line) => style.bold(line)),
      ...sentencesOf(sentences).map((sentence) => wrap(sentence, page.width)),
      raceTexts(difference, names).flatMap((text) => wrap(printable(text), page.width)),
      levels.length === 0 ? ['Every level has the same verdict in both.'] : [],
      rows.length === 0 ? [] : legend,
      rows.length === 0 ? [] : linesOf(rows, titles, page),
    ],
    options,
  )
}

/** What happened in each: once, if it is the same. */
function sentencesOf([before, after]: Difference['sentences']): readonly string[] {
  if (before === after) return [printable(before)].filter((sentence) => sentence !== '')
  return [
    ['Before', before],
    ['After', after],
  ].flatMap(([when, sentence = '']) => (sentence === '' ? [] : [`${when}: ${printable(sentence)}`]))
}

/** What the columns are called, and where names are too long for that, whose they are. */
function columnsOf(
  names: readonly [before: string, after: string],
  width: number,
): readonly [titles: readonly [string, string], legend: readonly string[]] {
  const [before, after] = [printable(names[0]), printable(names[1])]
  if (displayWidth(before) + displayWidth(after) <= width * MOST_OF_WIDTH) return [[before, after], []]
  return [
    ['before', 'after'],
    [`before  ${before}`, `after   ${after}`],
  ]
}

/** Names may take this share of a line. */
const MOST_OF_WIDTH = 0.5

function linesOf(rows: readonly DifferenceRow[], titles: readonly [string, string], { style }: PageStyle): string[] {
  const paint = { '': style.dim, better: style.green, worse: style.accent }
  return table(
    [{ title: '' }, { title: titles[0], align: 'right' }, { title: titles[1], align: 'right' }, { title: '' }],
    rows.map(({ what, before, after, change }) => [
      what,
      printable(before),
      printable(after),
      { text: change, paint: paint[change] },
    ]),
    style.dim,
    2,
  )
}
