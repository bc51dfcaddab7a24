import { stripVTControlCharacters } from 'node:util'
import { widthAsked } from './page-width.ts'

/**
 * The lines of a list, broken at spaces where a terminal is too narrow for them; what follows is set under the column that
 * goes on. Whoever reads from a pipe gets whole lines.
 */
export function fitted(text: string, width: number | undefined = widthAsked(process.stdout)): string {
  if (width === undefined) return text
  return text
    .split('\n')
    .flatMap((line) => (lengthOf(line) <= width ? [line] : broken(line, width)))
    .join('\n')
}

const lengthOf = (text: string): number => stripVTControlCharacters(text).length

/** Columns are two spaces apart. */
const COLUMN = /^.*\S {2,}(?=\S)/

function broken(line: string, width: number): readonly string[] {
  const plain = stripVTControlCharacters(line)
  const indent = Math.min(COLUMN.exec(plain)?.[0].length ?? /^ */.exec(plain)?.[0].length ?? 0, Math.floor(width / 2))
  const lines: string[] = []
  let current = ''
  for (const piece of line.match(/ *[^ ]+/g) ?? []) {
    if (current.trim() !== '' && lengthOf(current) + lengthOf(piece) > width) {
      lines.push(current)
      current = `${' '.repeat(indent)}${piece.trimStart()}`
    } else current += piece
  }
  return [...lines, current]
}
