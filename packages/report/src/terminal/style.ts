import type { Mood } from '../facts/headline.ts'

/** How a terminal styles text; files, tests and pipes use plain text. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly accent: (text: string) => string
}

const same = (text: string): string => text

/** No colours at all. */
export const plainStyle: Style = { bold: same, dim: same, red: same, green: same, yellow: same, accent: same }

/** The characters that pages draw with. */
export interface Symbols {
  readonly met: string
  /** Before a verdict that is neither a pass nor a failure. */
  readonly bullet: string
  readonly violated: string
  readonly unknown: string
  readonly warning: string
  readonly none: string
  readonly ellipsis: string
  readonly to: string
  readonly boxTop: string
  readonly boxBottom: string
  readonly boxSide: string
  readonly open: string
  readonly rail: string
  readonly railEnd: string
  readonly line: string
  readonly cornerRight: string
  readonly cornerLeft: string
  readonly cornerUp: string
  readonly arrowRight: string
  readonly arrowLeft: string
  readonly shade: string
  readonly gap: string
  readonly teeRight: string
  readonly teeLeft: string
  readonly wall: string
}

export const unicodeSymbols: Symbols = {
  met: '✔',
  bullet: '•',
  violated: '✘',
  unknown: '?',
  warning: '⚠',
  none: '–',
  ellipsis: '…',
  to: '→',
  boxTop: '┌',
  boxBottom: '└',
  boxSide: '│',
  open: '┊',
  rail: '╎',
  railEnd: '╰',
  line: '─',
  cornerRight: '╮',
  cornerLeft: '╭',
  cornerUp: '╯',
  arrowRight: '▸',
  arrowLeft: '◂',
  shade: '▒',
  gap: '⋮',
  teeRight: '├',
  teeLeft: '┤',
  wall: '╳',
}

const asciiSymbols: Symbols = {
  met: '+',
  bullet: '-',
  violated: 'x',
  unknown: '?',
  warning: '!',
  none: '-',
  ellipsis: '...',
  to: '->',
  boxTop: '.',
  boxBottom: "'",
  boxSide: '|',
  open: ':',
  rail: ':',
  railEnd: "'",
  line: '-',
  cornerRight: '.',
  cornerLeft: '.',
  cornerUp: "'",
  arrowRight: '>',
  arrowLeft: '<',
  shade: '#',
  gap: ':',
  teeRight: '|',
  teeLeft: '|',
  wall: 'X',
}

/** The width of the page, and the characters the reader's terminal can show. */
export interface TerminalOptions {
  /** In columns; at least 40 are used. */
  readonly width: number
  readonly unicode: boolean
}

export const symbolsOf = (options: TerminalOptions): Symbols => (options.unicode ? unicodeSymbols : asciiSymbols)

export const paintFor = (mood: Mood, style: Style): ((text: string) => string) =>
  ({ good: style.green, bad: style.accent, unsure: style.yellow })[mood]
