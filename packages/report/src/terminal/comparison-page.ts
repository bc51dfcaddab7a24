import type { ComparedCell, Comparison } from '../comparison.ts'
import {
  beyondCap,
  brokenCells,
  brokenText,
  brokenTexts,
  cellUnder,
  classRuns,
  classText,
  comparisonNext,
  comparisonSetting,
  comparisonTitle,
  isOfTransactions,
  isolationRows,
  levelSigns,
  numbersOf,
  numberTitles,
  pacelcRule,
  shortName,
  shortNames,
  signOf,
  weakestText,
} from '../comparison-words.ts'
import { printable } from '../operation-words.ts'
import { nonEmpty } from '../words.ts'
import type { PageStyle } from './evidence.ts'
import { copiedRow, finish, nextLines, pageStyle, warnings } from './run-page.ts'
import type { Style, TerminalOptions } from './style.ts'
import { painted } from './style.ts'
import { type Cell, fittingTable } from './table.ts'
import { packed, wrap, wrapAll } from './width.ts'

/** Renders systems side by side: their levels under each fault, and their costs. */
export function renderComparison(comparison: Comparison, style: Style, options: TerminalOptions): string {
  const page = pageStyle(style, options)
  return finish(
    [
      [
        ...wrap(printable(comparisonTitle(comparison)), page.width, style.bold),
        ...wrap(comparisonSetting(comparison), page.width),
      ],
      warnings(nonEmpty([beyondCap(comparison)]), page),
      isOfTransactions(comparison) ? isolationSection(comparison, page) : levelSection(comparison, page),
      numberSection(comparison, page),
      brokenSection(comparison, page),
      nextLines(comparisonNext(comparison), page),
      painted(
        wrapAll(
          [
            'available: the share of requests to live nodes that were answered without an error, as in CAP (mean of the nodes), under the fault with the lowest share. When cut: this share under the cut with the lowest share. Both are medians of the runs, with their range. In practice: the available share if clients retried at another node',
            'recovers: the time from the end of the fault to the first success after which the share of answered operations is at least 99%, or at least as large as before the fault',
            ...(comparison.systems.some(({ pacelc }) => pacelc !== undefined) ? [pacelcRule(comparison)] : []),
            weakestText(comparison),
            ...comparison.notes,
          ],
          page.width,
        ),
        style.dim,
      ),
    ],
    options,
  )
}

function levelSection(comparison: Comparison, page: PageStyle): string[] {
  const { systems, conditions } = comparison
  const rows = systems.map((system) => [
    printable(system.name),
    classText(system),
    ...conditions.map((condition) => levelCell(cellUnder(system, condition), page)),
  ])
  const columns = [{ title: 'system' }, { title: 'PACELC' }, ...conditions.map((title) => ({ title }))]
  return [
    ...fittingTable(columns, rows, page.style.dim, { air: 2, width: page.width }),
    ...painted(legend(comparison, page), page.style.dim),
  ]
}

/** Renders a comparison of transactions, with the isolation levels as columns. */
function isolationSection(comparison: Comparison, page: PageStyle): string[] {
  const { style, symbols, width } = page
  const rows = isolationRows(comparison).map(([system, cell, results]) => [
    printable(`${system.name}, ${cell.condition}`),
    ...results.map((result, i): Cell | string => {
      const isBroken = cell.kept === false && comparison.levels[i] === cell.promised
      return isBroken ? { text: symbols[result], paint: style.accent } : symbols[result]
    }),
  ])
  const classes = comparison.systems.flatMap((system) =>
    system.pacelc === undefined ? [] : `${printable(system.name)} ${system.pacelc} (${classRuns(system)})`,
  )
  return [
    ...fittingTable(
      ['system', ...comparison.levels.map(shortName)].map((title) => ({ title })),
      rows,
      style.dim,
      { air: 2, width },
    ),
    ...wrap(shortNames(comparison), width, style.dim),
    ...(classes.length === 0 ? [] : wrap(`PACELC: ${classes.join(', ')}`, width)),
  ]
}

/**
 * The table's sign for a system that lost acknowledged writes. The signs for consistency levels do not say this,
 * because even a `sequential` history may have lost writes.
 */
const LOST = '−'

/** Renders the legend, with as many entries per line as fit. */
function legend(comparison: Comparison, { width, symbols }: PageStyle): string[] {
  const words = [
    ...levelSigns(comparison).map(({ sign, name }) => `${sign} ${name}`),
    `${LOST} acknowledged writes lost`,
    `${symbols.violated} promise broken`,
  ]
  return packed(words, '  ', width)
}

function levelCell(cell: ComparedCell | undefined, { style, symbols }: PageStyle): Cell | string {
  if (cell === undefined) return ''
  const text = `${signOf(cell.level)}${(cell.lost ?? 0) > 0 ? LOST : ''}${cell.kept === false ? symbols.violated : ''}`
  return cell.kept === false ? { text, paint: style.accent } : text
}

function numberSection(comparison: Comparison, { style, width }: PageStyle): string[] {
  const rows = comparison.systems.map((system) =>
    numbersOf(system, comparison).map(([title, text]): Cell | string =>
      title === 'lost' && text !== '0' ? { text, paint: style.accent } : printable(text),
    ),
  )
  return fittingTable(
    numberTitles(comparison).map((title, i) => (i === 0 ? { title } : { title, align: 'right' })),
    rows,
    style.dim,
    { air: 2, width },
  )
}

function brokenSection(comparison: Comparison, page: PageStyle): string[] {
  return brokenCells(comparison).flatMap(({ name, cell }) => [
    ...warnings([brokenText(name, cell, comparison)], page),
    ...wrapAll(brokenTexts(cell).map(printable), page.width),
    ...(cell.again === '' ? [] : [copiedRow('again', cell.again, page)]),
  ])
}
