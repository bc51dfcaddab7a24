import type { CopyFormat } from '../session/session.ts'
import { SqlError } from '../sql/error.ts'

export type CopyRow = readonly (string | null)[]

/**
 * Reads the data of COPY FROM STDIN.
 *
 * @param columns The names of the columns, for errors.
 * @throws SqlError (22P04)
 */
export function readCopy(text: string, columns: readonly string[], format: CopyFormat): readonly CopyRow[] {
  const rows = format.format === 'csv' ? readCsv(text, format) : readText(text, format)
  for (const row of rows) {
    if (row.length > columns.length) throw new SqlError('22P04', 'extra data after last expected column')
    if (row.length < columns.length)
      throw new SqlError('22P04', `missing data for column ${JSON.stringify(columns[row.length])}`)
  }
  return format.header ? rows.slice(1) : rows
}

const QUOTE = '"'

const BREAKS: { readonly [letter: string]: string } = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function readText(text: string, { delimiter, null: nothing }: CopyFormat): readonly CopyRow[] {
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  const end = lines.indexOf('\\.')
  return (end < 0 ? lines : lines.slice(0, end)).map((line) =>
    cells(line, delimiter).map((cell) => (cell === nothing ? null : unescaped(cell))),
  )
}

/** Splits a line at delimiters that no backslash escapes. */
function cells(line: string, delimiter: string): readonly string[] {
  const found: string[] = []
  let start = 0
  for (let i = 0; i < line.length; i++)
    if (line[i] === '\\') i++
    else if (line[i] === delimiter) {
      found.push(line.slice(start, i))
      start = i + 1
    }
  return [...found, line.slice(start)]
}

const unescaped = (cell: string): string =>
  cell.replaceAll(/\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))/gs, (_, octal?: string, hex?: string, letter = '') => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    return BREAKS[letter] ?? letter
  })

function readCsv(text: string, { delimiter, null: nothing }: CopyFormat): readonly CopyRow[] {
  const rows: CopyRow[] = []
  let row: (string | null)[] = []
  let [cell, isQuoted, at] = ['', false, 0]
  const endCell = (): void => {
    row.push(!isQuoted && cell === nothing ? null : cell)
    cell = ''
    isQuoted = false
  }
  const endRow = (): void => {
    endCell()
    rows.push(row)
    row = []
  }
  while (at < text.length) {
    const letter = text[at] ?? ''
    at++
    if (letter === QUOTE) {
      isQuoted = true
      const { inside, end } = quotedPart(text, at)
      cell += inside
      at = end
    } else if (letter === delimiter) endCell()
    else if (letter === '\n' || letter === '\r') {
      if (letter === '\r' && text[at] === '\n') at++
      if (row.length === 0 && !isQuoted && cell === '\\.') return rows
      endRow()
    } else cell += letter
  }
  if (row.length > 0 || cell !== '' || isQuoted) endRow()
  return rows
}

/** Reads a quoted part, in which quotes are doubled. */
function quotedPart(text: string, start: number): { readonly inside: string; readonly end: number } {
  let inside = ''
  for (let at = start; at < text.length; at++) {
    const letter = text[at] ?? ''
    if (letter !== QUOTE) inside += letter
    else if (text[at + 1] !== QUOTE) return { inside, end: at + 1 }
    else {
      inside += QUOTE
      at++
    }
  }
  throw new SqlError('22P04', 'unterminated CSV quoted field')
}

/** Returns a line of COPY TO STDOUT, with its line break. */
export const printCopy = (row: CopyRow, format: CopyFormat): string =>
  `${row.map((cell) => (format.format === 'csv' ? csvCell(cell, format) : textCell(cell, format))).join(format.delimiter)}\n`

const ESCAPES: { readonly [letter: string]: string } = {
  ...{ '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\' },
}

const textCell = (cell: string | null, { null: nothing, delimiter }: CopyFormat): string =>
  cell === null
    ? nothing
    : Array.from(cell, (letter) => ESCAPES[letter] ?? (letter === delimiter ? `\\${letter}` : letter)).join('')

function csvCell(cell: string | null, { null: nothing, delimiter }: CopyFormat): string {
  if (cell === null) return nothing
  const special = [delimiter, QUOTE, '\n', '\r']
  const isPlain = cell !== nothing && cell !== '\\.' && !special.some((each) => cell.includes(each))
  return isPlain ? cell : QUOTE + cell.replaceAll(QUOTE, QUOTE + QUOTE) + QUOTE
}
