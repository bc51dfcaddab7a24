import { printable } from '../operation-words.ts'
import type { Race } from '../race/code-run.ts'
import { overtakenText, possessive, timesText } from '../race/race-words.ts'
import type { PageStyle } from './evidence.ts'
import { clip, padEnd, wrap } from './width.ts'

const TIMES_WIDTH = 16

/** Renders the lines of code that two racing requests executed. */
export function drawRace(race: Race, { width, style, symbols }: PageStyle): string[] {
  const { overtaken, by, rows } = race
  const numbers = Math.max(...rows.map(({ line }) => String(line).length))
  const codeWidth = width - 2 * TIMES_WIDTH - numbers - 1
  const titles = [possessive(overtaken.request), possessive(by.request)].map((title) =>
    padEnd(clip(printable(title), TIMES_WIDTH - 1, symbols.ellipsis), TIMES_WIDTH),
  )
  const indent = ' '.repeat(2 * TIMES_WIDTH + numbers + 1)
  const lines = [
    ...wrap(race.sentence, width, style.bold),
    '',
    style.bold(`${titles.join('')}${' '.repeat(numbers)} ${printable(overtaken.file)}, times in ms`),
  ]
  let { file } = overtaken
  for (const row of rows) {
    if (row.file !== file) lines.push(style.dim(`${indent}${printable(row.file)}`))
    else if (row.isAfterGap) lines.push(style.dim(`${indent}${symbols.ellipsis}`))
    file = row.file
    const times = [row.overtaken, row.by]
      .map((each) => padEnd(timesText(each, symbols.to, symbols.ellipsis), TIMES_WIDTH))
      .join('')
    const code = clip(printable(row.text.replaceAll('\t', '  ')), codeWidth, symbols.ellipsis)
    const text = `${times}${String(row.line).padStart(numbers)} ${code}`.trimEnd()
    lines.push(row.isOvertaken ? style.bold(style.accent(text)) : text)
    for (const sql of row.sql ?? [])
      lines.push(style.dim(clip(`${indent}  ${printable(sql)}`, width, symbols.ellipsis)))
    if (row.isOvertaken) {
      lines.push(...wrap(overtakenText(race), width - indent.length).map((line) => style.accent(`${indent}${line}`)))
    }
  }
  return lines
}
