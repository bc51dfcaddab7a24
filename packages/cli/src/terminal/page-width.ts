import type { Screen } from '@chaosproxy/engine/run'
import type { TerminalOptions } from '@chaosproxy/report'

/**
 * Whether to colour a stream: by NO_COLOR (https://no-color.org), then FORCE_COLOR; otherwise on a terminal that is not
 * dumb.
 */
export function wantsColours({ isTTY }: Pick<NodeJS.WriteStream, 'isTTY'>): boolean {
  const { NO_COLOR = '', FORCE_COLOR, TERM } = process.env
  if (NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  return isTTY === true && TERM !== 'dumb'
}

const WIDEST_PAGE = 110
const NARROWEST_PAGE = 40

export const terminalOptions = (): TerminalOptions => ({ width: pageWidth(process.stdout), unicode: speaksUnicode() })

/** Returns the width of pages, at most `WIDEST_PAGE` so that lines stay readable. */
export const pageWidth = (stream: Pick<NodeJS.WriteStream, 'columns'>): number => requestedWidth(stream) ?? WIDEST_PAGE

export function requestedWidth({ columns }: Pick<NodeJS.WriteStream, 'columns'>): number | undefined {
  const width = columns || environmentColumns()
  return width === undefined ? undefined : Math.min(WIDEST_PAGE, width)
}

/** The variable COLUMNS, which shells and CI servers set. */
function environmentColumns(): number | undefined {
  const columns = Number(process.env['COLUMNS'])
  return Number.isInteger(columns) && columns >= NARROWEST_PAGE ? columns : undefined
}

/**
 * Whether the locale uses UTF-8. UTF-8 is assumed if no locale is set. False for the Linux console, which has few
 * characters.
 */
export function speaksUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG, TERM } = process.env
  const locale = LC_ALL || LC_CTYPE || LANG || ''
  return TERM !== 'linux' && (locale === '' || /utf-?8/i.test(locale))
}

export const stdoutScreen = (): Screen => ({
  colours: wantsColours(process.stdout),
  terminal: terminalOptions(),
})
