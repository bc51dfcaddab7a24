import { type Difference, type DifferenceRow, sameVerdicts } from '../difference/difference.ts'
import { titleWithVerdict } from '../facts/headline.ts'
import { printable } from '../operation-words.ts'
import { type SavedTelling, savedStory } from '../telling/saved-telling.ts'
import { nonEmpty } from '../words.ts'
import type { PageStyle } from './evidence.ts'
import { finish, nextLines, pageStyle } from './run-page.ts'
import type { Style, TerminalOptions } from './style.ts'
import { table } from './table.ts'
import { displayWidth, wrap, wrapAll } from './width.ts'

/** Renders two results side by side. Ends in a newline. */
export function renderDifference(
  difference: Difference,
  names: readonly [before: string, after: string],
  style: Style,
  options: TerminalOptions,
): string {
  const { tellings, unlike, settings, levels, figures } = difference
  const page = pageStyle(style, options)
  const rows = [...settings, ...levels, ...figures]
  const [titles, legend] = columnsOf(names, page.width)
  return finish(
    [
      ...tellingSections(tellings, names, page),
      wrapAll(nonEmpty([unlike ?? '', sameVerdicts(difference)]).map(printable), page.width),
      rows.length === 0 ? [] : legend,
      rows.length === 0 ? [] : linesOf(rows, titles, page),
    ],
    options,
  )
}

/** Renders the answers of both runs. Equal texts appear once. */
function tellingSections(
  [before, after]: Difference['tellings'],
  [one, other]: readonly [string, string],
  page: PageStyle,
): string[][] {
  const first = verdictLines(before)
  const second = verdictLines(after)
  const headed = (name: string, [title = '', ...rest]: readonly string[], { next }: SavedTelling): string[] => [
    ...wrap(printable(`${name}: ${title}`), page.width, page.style.bold),
    ...wrapAll(rest.map(printable), page.width),
    ...nextLines(next, page),
  ]
  return first.join('\n') === second.join('\n') && before.next.text === after.next.text
    ? [headed('Both', first, after)]
    : [headed(one, first, before), headed(other, second, after)]
}

const verdictLines = (telling: SavedTelling): readonly string[] =>
  nonEmpty([`${titleWithVerdict({ ...telling, title: telling.what })}.`, savedStory(telling)])

/** Returns the titles of the columns. Long names become short titles, which the legend explains. */
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

/** Maximum share of a line for the names. */
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
