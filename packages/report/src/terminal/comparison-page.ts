import type { ComparedCell, Comparison } from '../comparison.ts'
import {
  beyondCap,
  brokenText,
  brokenTexts,
  cellUnder,
  classRuns,
  comparisonNext,
  comparisonSetting,
  comparisonTitle,
  levelSigns,
  NUMBER_TITLES,
  numbersOf,
  signOf,
} from '../comparison-words.ts'
import { printable } from '../operation-words.ts'
import { PACELC_RULE } from '../pacelc.ts'
import type { PageStyle } from './evidence.ts'
import { copied, finish, nextLines, pageStyle, warnings } from './run-page.ts'
import type { Style, TerminalOptions } from './style.ts'
import { type Cell, fittingTable } from './table.ts'
import { displayWidth, wrap } from './width.ts'

/** Systems side by side: the level of each under each fault, then what each costs. Ends in a newline. */
export function renderComparison(comparison: Comparison, style: Style, options: TerminalOptions): string {
  const { systems } = comparison
  const page = pageStyle(style, options)
  return finish(
    [
      [
        ...wrap(printable(comparisonTitle(comparison)), page.width).map((line) => style.bold(line)),
        ...wrap(comparisonSetting(comparison), page.width),
      ],
      warnings(
        [beyondCap(comparison)].filter((text) => text !== ''),
        page,
      ),
      levelSection(comparison, page),
      numberSection(comparison, page),
      brokenSection(comparison, page),
      nextLines(comparisonNext(comparison), page),
      [
        ...wrap(
          'available: the share of requests to live nodes that were answered without an error, as in CAP, as the mean over the nodes; the median of the runs, and their range, under the fault in which it is lowest; when cut: the same among the cuts; in practice: if clients retried at another node',
          page.width,
        ),
        ...wrap('recovers: from the end of the fault to the first success that stays', page.width),
        ...(systems.some(({ pacelc }) => pacelc !== undefined) ? wrap(PACELC_RULE, page.width) : []),
        ...wrap(weakestText(comparison), page.width),
        ...comparison.notes.flatMap((note) => wrap(note, page.width)),
      ].map((line) => style.dim(line)),
    ],
    options,
  )
}

const weakestText = ({ seeds }: Comparison): string =>
  `a level is the weakest seen in ${seeds.length === 1 ? 'its one run' : `${seeds.length} runs`} of a system under a fault, with registers and with sets`

function levelSection(comparison: Comparison, page: PageStyle): string[] {
  const { systems, conditions } = comparison
  const rows = systems.map((system) => [
    printable(system.name),
    system.pacelc === undefined ? '–' : `${system.pacelc}, ${classRuns(system)}`,
    ...conditions.map((condition) => levelCell(cellUnder(system, condition), page)),
  ])
  const columns = [{ title: 'system' }, { title: 'PACELC' }, ...conditions.map((title) => ({ title }))]
  return [
    ...fittingTable(columns, rows, page.style.dim, { air: 2, width: page.width }),
    ...legend(page).map((line) => page.style.dim(line)),
  ]
}

/** Beside a level: `sequential` alone does not say that what was acknowledged is still there. */
const LOST = '−'

/** What each sign stands for, as many to a line as fit. */
function legend({ width, symbols }: PageStyle): string[] {
  const words = [
    ...levelSigns.map(({ sign, name }) => `${sign} ${name}`),
    `${LOST} acknowledged writes lost`,
    `${symbols.violated} promise broken`,
  ]
  const lines: string[] = []
  for (const word of words) {
    const longer = `${lines.at(-1) ?? ''}  ${word}`
    if (lines.length > 0 && displayWidth(longer) <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

function levelCell(cell: ComparedCell | undefined, { style, symbols }: PageStyle): Cell | string {
  if (cell === undefined) return ''
  const text = `${signOf(cell.level)}${cell.lost > 0 ? LOST : ''}${cell.kept === false ? symbols.violated : ''}`
  return cell.kept === false ? { text, paint: style.accent } : text
}

function numberSection({ systems }: Comparison, { style, width }: PageStyle): string[] {
  const rows = systems.map((system) =>
    numbersOf(system).map(([title, text]): Cell | string =>
      title === 'lost' && text !== '0' ? { text, paint: style.accent } : printable(text),
    ),
  )
  return fittingTable(
    NUMBER_TITLES.map((title, i) => (i === 0 ? { title } : { title, align: 'right' })),
    rows,
    style.dim,
    { air: 2, width },
  )
}

function brokenSection({ systems }: Comparison, page: PageStyle): string[] {
  return systems.flatMap(({ name, cells }) =>
    cells.flatMap((cell) =>
      cell.kept === false
        ? [
            ...warnings([brokenText(name, cell)], page),
            ...brokenTexts(cell).flatMap((text) => wrap(printable(text), page.width)),
            ...(cell.again === '' ? [] : [copied(`${page.style.dim('again'.padEnd(9))}${printable(cell.again)}`)]),
          ]
        : [],
    ),
  )
}
