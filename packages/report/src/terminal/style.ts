import type { Verdict } from '@chaosproxy/checker'
import type { Mood } from '../facts/headline.ts'

/** The text styles of a terminal; files, tests and pipes use plain text. */
export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly accent: Paint
}

/** Gives a text a colour or a weight. */
export type Paint = (text: string) => string

export const asIs: Paint = (text) => text

/** A style without any colours. */
export const plainStyle: Style = { bold: asIs, dim: asIs, red: asIs, green: asIs, yellow: asIs, accent: asIs }

/** The characters that pages draw with, each in Unicode and in ASCII. */
const SIGNS = {
  met: ['✔', '+'],
  /** The sign before a verdict that is neither a pass nor a failure. */
  bullet: ['•', '-'],
  violated: ['✘', 'x'],
  unknown: ['?', '?'],
  warning: ['⚠', '!'],
  none: ['–', '-'],
  ellipsis: ['…', '...'],
  to: ['→', '->'],
  boxTop: ['┌', '.'],
  boxBottom: ['└', "'"],
  boxSide: ['│', '|'],
  open: ['┊', ':'],
  rail: ['╎', ':'],
  railEnd: ['╰', "'"],
  line: ['─', '-'],
  cornerRight: ['╮', '.'],
  cornerLeft: ['╭', '.'],
  cornerUp: ['╯', "'"],
  arrowRight: ['▸', '>'],
  arrowLeft: ['◂', '<'],
  shade: ['▒', '#'],
  gap: ['⋮', ':'],
  teeRight: ['├', '|'],
  teeLeft: ['┤', '|'],
  wall: ['╳', 'X'],
} as const

export type Symbols = { readonly [sign in keyof typeof SIGNS]: string }

const symbolsFrom = (form: 0 | 1): Symbols =>
  Object.fromEntries(Object.entries(SIGNS).map(([sign, forms]) => [sign, forms[form]])) as Symbols

export const unicodeSymbols: Symbols = symbolsFrom(0)
const asciiSymbols = symbolsFrom(1)

/** The width of the page, and the characters that the reader's terminal can show. */
export interface TerminalOptions {
  /** Width in columns; at least 40 are used. */
  readonly width: number
  readonly unicode: boolean
}

export const symbolsOf = (options: TerminalOptions): Symbols => (options.unicode ? unicodeSymbols : asciiSymbols)

/** Styles each line separately. */
export const painted = (lines: readonly string[], paint: Paint): string[] => lines.map((line) => paint(line))

/** Returns the colour function for each result of a verdict. */
export const resultPaints = ({ green, accent, yellow }: Style): { readonly [result in Verdict['result']]: Paint } => ({
  met: green,
  violated: accent,
  unknown: yellow,
})

export const paintFor = (mood: Mood, style: Style): Paint =>
  ({ good: style.green, bad: style.accent, unsure: style.yellow })[mood]
