import type { Comparison, LevelResult } from '../comparison.ts'
import {
  brokenCells,
  brokenText,
  brokenTexts,
  cellUnder,
  classText,
  comparisonNext,
  comparisonSetting,
  isOfTransactions,
  isolationRows,
  levelName,
  numbersOf,
  numberTitles,
  pacelcRule,
} from '../comparison-words.ts'
import type { Next } from '../telling/next.ts'

/** Renders a comparison as a table of levels and a table of numbers. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { systems, conditions } = comparison
  const levels = systems.map((system) => [
    system.name,
    classText(system),
    ...conditions.map((condition) => {
      const cell = cellUnder(system, condition)
      return cell === undefined ? '' : `${cell.kept === false ? '❌ ' : ''}${levelName(cell.level, comparison)}`
    }),
  ])
  const numbers = systems.map((system) => numbersOf(system, comparison).map(([, text]) => text))
  return `${[
    `${comparisonSetting(comparison)}.`,
    table(['system', 'PACELC', ...conditions], levels),
    ...(isOfTransactions(comparison) ? [isolationTable(comparison)] : []),
    table(numberTitles(comparison), numbers),
    ...brokenCells(comparison).map(({ name, cell }) =>
      [`**${escaped(brokenText(name, cell, comparison))}**`, ...brokenTexts(cell).map(escaped)].join('\n\n'),
    ),
    nextPart(comparisonNext(comparison)),
    pacelcRule(comparison),
  ].join('\n\n')}\n`
}

const SIGNS: { readonly [result in LevelResult]: string } = { met: '✅', violated: '❌', unknown: '?' }

const isolationTable = (comparison: Comparison): string =>
  table(
    ['system', 'under', 'promised', ...comparison.levels],
    isolationRows(comparison).map(([{ name }, { condition, promised }, results]) => [
      name,
      condition,
      promised,
      ...results.map((result) => SIGNS[result]),
    ]),
  )

const nextPart = ({ text, command }: Next): string =>
  `**Next:** ${escaped(text)}${command === undefined ? '' : ` \`${command}\``}`

const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

const cell = (plain: string): string => (plain === '---' ? plain : escaped(plain))

const escaped = (plain: string): string => plain.replace(/[\\`*_[\]<>#|~\n]/g, '\\$&').replace(/@(?=\w)/g, '@\u200b')
