import { hostname } from 'node:os'
import { dirname, relative } from 'node:path'
import { errorText } from '@chaosproxy/history'
import {
  type CheckRow,
  colouredStyle,
  findingsOf,
  type Place,
  plainStyle,
  reporters,
  type Subject,
  type TerminalOptions,
} from '@chaosproxy/report'
import { packageVersion } from '../version.ts'

/** The texts of all reporters about a subject. Plain data, so that threads can exchange it. */
export interface SubjectTexts {
  readonly findings: ReturnType<typeof findingsOf>
  readonly row: CheckRow | undefined
  readonly texts: readonly Text[]
}

/** A reporter's text, or the error it threw. */
export type Text = { readonly content: string } | { readonly threw: string }

export interface Reporting {
  readonly name: string
  /** The file to which the reporter writes its text; undefined if it writes to the screen. */
  readonly file: string | undefined
  readonly isOwn: boolean
}

/** The format of text for a screen. Files get plain text. */
export interface Screen {
  readonly colours: boolean
  readonly terminal: TerminalOptions
}

/** The chosen reporters, and the format of text for the screen. Plain data, so that threads can exchange it. */
export interface Output {
  readonly reporters: readonly Reporting[]
  readonly screen: Screen
}

export const partOf = async (
  subject: Subject,
  { reporters: choices, screen }: Output,
  row: CheckRow | undefined = undefined,
): Promise<SubjectTexts> => ({
  findings: findingsOf(subject),
  row,
  texts: await Promise.all(
    choices.map((each) => textBy(each, (reporter) => reporter.each?.(subject, placeFor(each, screen, choices)))),
  ),
})

export async function textBy(
  { name, isOwn }: Reporting,
  write: (reporter: (typeof reporters)[number]) => string | Promise<string> | undefined,
): Promise<Text> {
  // A user's reporter writes no text about a single subject. It writes one text about all subjects later.
  if (isOwn) return { content: '' }
  const reporter = reporters.find((each) => each.name === name)
  if (reporter === undefined) throw new Error(`there is no reporter ${name}, although its name was checked`)
  return attempt(() => write(reporter) ?? '')
}

export async function attempt(write: () => string | Promise<string>): Promise<Text> {
  try {
    const content: unknown = await write()
    if (typeof content === 'string') return { content }
    return { threw: `it returned ${content === null ? 'null' : typeof content}, not a string` }
  } catch (error) {
    return { threw: errorText(error) }
  }
}

const FILE_WIDTH = 110

/** @param all All chosen reporters. If the SVG reporter writes to a file, other reports link to this file. */
export const placeFor = (
  { file }: Reporting,
  { colours, terminal }: Screen,
  all: readonly Reporting[] = [],
): Place => ({
  style: file === undefined && colours ? colouredStyle : plainStyle,
  terminal: file === undefined ? terminal : { width: FILE_WIDTH, unicode: true },
  version: packageVersion(),
  host: hostname(),
  now: Date.now(),
  pathTo: (historyFile) => relative(directoryOf(file), historyFile),
  picture: pictureBeside(file, all),
})

const directoryOf = (file: string | undefined): string => (file === undefined ? '.' : dirname(file))

function pictureBeside(file: string | undefined, all: readonly Reporting[]): string | undefined {
  const picture = all.find((each) => each.name === 'svg' && each.file !== undefined)?.file
  return picture === undefined ? undefined : relative(directoryOf(file), picture)
}
