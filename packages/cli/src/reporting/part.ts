import { hostname } from 'node:os'
import { dirname, relative } from 'node:path'
import {
  type CheckRow,
  findingsOf,
  type Place,
  plainStyle,
  reporters,
  type Style,
  type Subject,
  type TerminalOptions,
} from '@chaosproxy/report'
import { styleFor, terminalOptions } from '../terminal/style.ts'
import { packageVersion } from '../version.ts'
import type { ReporterChoice } from './choice.ts'

/** The texts of all reporters about one subject. Plain data: the thread with the history makes it, another writes it. */
export interface Part {
  readonly findings: ReturnType<typeof findingsOf>
  /** The subject's line in a table of files. */
  readonly row: CheckRow | undefined
  /** In the order of the choices. */
  readonly texts: readonly Text[]
}

/** What a reporter said, or the error it threw. */
export type Text = { readonly said: string } | { readonly threw: string }

/** How stdout shows text. Files get plain text. */
export interface Screen {
  readonly style: Style
  readonly terminal: TerminalOptions
}

export const stdoutScreen = (): Screen => ({
  style: styleFor(process.stdout),
  terminal: terminalOptions(process.stdout),
})

export const partOf = (
  subject: Subject,
  choices: readonly ReporterChoice[],
  screen: Screen,
  row: CheckRow | undefined = undefined,
): Part => ({
  findings: findingsOf(subject),
  row,
  texts: choices.map((choice) => sayBy(choice, (reporter) => reporter.each?.(subject, placeFor(choice, screen)))),
})

export function sayBy(
  { name, isOwn }: ReporterChoice,
  say: (reporter: (typeof reporters)[number]) => string | undefined,
): Text {
  // One of the user's own tells of everything together.
  if (isOwn) return { said: '' }
  const reporter = reporters.find((each) => each.name === name)
  if (reporter === undefined) throw new Error(`the reporter ${name} was found before`)
  return attempt(() => say(reporter) ?? '')
}

export function attempt(say: () => string): Text {
  try {
    return { said: say() }
  } catch (error) {
    return { threw: error instanceof Error ? error.message : String(error) }
  }
}

const FILE_WIDTH = 110

export const placeFor = ({ file }: ReporterChoice, { style, terminal }: Screen): Place => ({
  style: file === undefined ? style : plainStyle,
  terminal: file === undefined ? terminal : { width: FILE_WIDTH, unicode: true },
  version: packageVersion(),
  host: hostname(),
  now: Date.now(),
  pathTo: (historyFile) => relative(file === undefined ? '.' : dirname(file), historyFile),
})
