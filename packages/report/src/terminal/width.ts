import { asIs, type Paint, painted } from './style.ts'

/** Matches escape sequences for colour, which take no columns: `ESC [ … m`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with a control character
const COLOUR = /\u001b\[[0-9;]*m/g

/** Returns the columns that a text takes on a terminal: two for East Asian wide characters and emoji. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text.replace(COLOUR, '')) width += characterWidth(character.codePointAt(0) ?? 0)
  return width
}

function characterWidth(code: number): number {
  if (code < 0x300) return 1
  if (code <= 0x36f || code === 0x200b || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f)) return 0
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  return wide ? 2 : 1
}

export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)))

export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - displayWidth(text))) + text

/** Truncates a text without colours to at most `width` columns, with an ellipsis. */
export function clip(text: string, width: number, ellipsis: string = '…'): string {
  if (displayWidth(text) <= width) return text
  const room = Math.max(0, width - displayWidth(ellipsis))
  let kept = ''
  let used = 0
  for (const character of text) {
    used += displayWidth(character)
    if (used > room) break
    kept += character
  }
  return kept.trimEnd() + ellipsis
}

/** Breaks text at spaces into lines of at most `width` columns; a longer word gets a line of its own. */
export function wrap(text: string, width: number, paint: Paint = asIs): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && displayWidth(longer) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return painted([...lines, line], paint)
}

/** Joins items to lines, with as many items per line as fit. */
export function packed(items: readonly string[], separator: string, width: number): string[] {
  const lines: string[] = []
  for (const item of items) {
    const last = lines.at(-1)
    const longer = `${last}${separator}${item}`
    if (last !== undefined && displayWidth(longer) <= width) lines[lines.length - 1] = longer
    else lines.push(item)
  }
  return lines
}

export const wrapAll = (texts: readonly string[], width: number): string[] => texts.flatMap((text) => wrap(text, width))

/** Returns one line with a text at each end, or two lines if the texts do not fit. */
export function spread(left: string, right: string, width: number): string[] {
  const room = width - displayWidth(left) - displayWidth(right)
  return room >= 2 ? [left + ' '.repeat(room) + right] : [left, padStart(right, width)]
}

/** Matches the part of a line before its last table column. Columns are at least two spaces apart. */
const COLUMN = /^.*\S {2,}(?=\S)/

/**
 * Breaks a line into pieces that take at most `width` columns of the terminal. Later pieces are indented to the line's
 * last table column, and keep the line's colours.
 */
export function fitLine(line: string, width: number): string[] {
  if (displayWidth(line) <= width) return [line]
  const plain = line.replace(COLOUR, '')
  const column = COLUMN.exec(plain.slice(0, width))?.[0] ?? /^ */.exec(plain)?.[0] ?? ''
  const indent = ' '.repeat(Math.min(displayWidth(column), Math.floor(width / 2)))
  const lines: string[] = []
  let current = ''
  const next = (): void => {
    lines.push(current.trimEnd())
    current = indent
  }
  for (const piece of line.match(/ *[^ ]+/g) ?? []) {
    if (displayWidth(current + piece) <= width) {
      current += piece
      continue
    }
    if (current.trim() !== '') next()
    const word = current === '' ? piece : piece.trimStart()
    for (const part of word.match(ATOM) ?? []) {
      if (displayWidth(current + part) > width) next()
      current += part
    }
  }
  return [...lines, current]
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with a control character
const ATOM = /\u001b\[[0-9;]*m|./gsu
