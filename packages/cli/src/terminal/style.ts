import type { Style, TerminalOptions } from '@chaosproxy/report'
import { Chalk } from 'chalk'

/**
 * Whether a stream is to have colours: as NO_COLOR (https://no-color.org) or else FORCE_COLOR say, and by itself on a
 * terminal that is not dumb.
 */
export function wantsColours({ isTTY }: Pick<NodeJS.WriteStream, 'isTTY'>): boolean {
  const { NO_COLOR = '', FORCE_COLOR, TERM } = process.env
  if (NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  return isTTY === true && TERM !== 'dumb'
}

/** Colours for one stream: chalk by itself probes stdout only, and progress goes to stderr. */
export function styleFor(stream: Pick<NodeJS.WriteStream, 'isTTY'>): Style {
  const chalk = new Chalk({ level: wantsColours(stream) ? 1 : 0 })
  return {
    bold: chalk.bold,
    dim: chalk.dim,
    red: chalk.red,
    green: chalk.green,
    yellow: chalk.yellow,
    accent: chalk.red,
  }
}

const WIDEST_PAGE = 110

export function terminalOptions(stream: NodeJS.WriteStream): TerminalOptions {
  return { width: pageWidth(stream), unicode: speaksUnicode() }
}

/** Not more than is read with ease; all of that where there is no terminal, or one that does not say how wide it is. */
export const pageWidth = ({ columns }: Pick<NodeJS.WriteStream, 'columns'>): number =>
  Math.min(WIDEST_PAGE, columns || WIDEST_PAGE)

/** A terminal of the C or POSIX locale cannot be trusted with anything but ASCII; everything else today can. */
function speaksUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG, TERM } = process.env
  const locale = LC_ALL || LC_CTYPE || LANG || ''
  return TERM !== 'linux' && !(process.stdout.isTTY === true && /^(C|POSIX)$/.test(locale))
}
