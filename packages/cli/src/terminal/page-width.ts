import type { Screen } from '@chaosproxy/engine/run'
import type { TerminalOptions } from '@chaosproxy/report'

/**
 * Whether to colour a stream: NO_COLOR (https://no-color.org) decides, then FORCE_COLOR; otherwise any terminal that
 * is not dumb is coloured.
 */
export function wantsColours({ isTTY }: Pick<NodeJS.WriteStream, 'isTTY'>): boolean {
  const { NO_COLOR = '', FORCE_COLOR, TERM } = process.env
  if (NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  return isTTY === true && TERM !== 'dumb'
}

const WIDEST_PAGE = 110
const NARROWEST_PAGE = 40

export function terminalOptions(stream: NodeJS.WriteStream): TerminalOptions {
  return { width: pageWidth(stream), unicode: speaksUnicode() }
}

/** At most a width that reads easily, which is also the default if neither the terminal nor COLUMNS gives one. */
export const pageWidth = (stream: Pick<NodeJS.WriteStream, 'columns'>): number => widthAsked(stream) ?? WIDEST_PAGE

/** Undefined if neither gives a width, as for a pipe. */
export function widthAsked({ columns }: Pick<NodeJS.WriteStream, 'columns'>): number | undefined {
  const asked = columns || columnsAsked()
  return asked === undefined ? undefined : Math.min(WIDEST_PAGE, asked)
}

/** COLUMNS, which shells and CI servers set; a value that is too small is ignored. */
function columnsAsked(): number | undefined {
  const columns = Number(process.env['COLUMNS'])
  return Number.isInteger(columns) && columns >= NARROWEST_PAGE ? columns : undefined
}

/** Whether the locale uses UTF-8, which is assumed if no variable is set. The console of Linux draws few characters. */
export function speaksUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG, TERM } = process.env
  const locale = LC_ALL || LC_CTYPE || LANG || ''
  return TERM !== 'linux' && (locale === '' || /utf-?8/i.test(locale))
}

/** How stdout shows text. */
export const stdoutScreen = (): Screen => ({
  colours: wantsColours(process.stdout),
  terminal: terminalOptions(process.stdout),
})
