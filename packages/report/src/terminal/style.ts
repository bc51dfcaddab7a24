/** What a terminal can do to a piece of text. The command line hands in chalk's; tests and pipes use the plain one. */
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

/** The marks a page is drawn with. */
export interface Symbols {
  readonly met: string
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
}

export const unicodeSymbols: Symbols = {
  met: '✔',
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
}

const asciiSymbols: Symbols = {
  met: '+',
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
}

/** How wide the page may be, and which marks its reader's terminal can show. */
export interface TerminalOptions {
  /** Columns; at least 60 are used. */
  readonly width: number
  readonly unicode: boolean
}

export const symbolsOf = (options: TerminalOptions): Symbols => (options.unicode ? unicodeSymbols : asciiSymbols)

/** Replaces every character outside ASCII that this package's own words use, for terminals that cannot show them. */
export function asciiOnly(text: string): string {
  return text
    .replaceAll('→', '->')
    .replaceAll('–', '-')
    .replaceAll('…', '...')
    .replaceAll('·', '|')
    .replaceAll('µ', 'u')
    .replaceAll('×', 'x')
    .replaceAll('±', '+-')
}
