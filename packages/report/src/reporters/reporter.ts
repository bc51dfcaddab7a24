import type { CheckRow } from '../terminal/check-page.ts'
import type { Style, TerminalOptions } from '../terminal/style.ts'
import type { Finding } from './finding.ts'
import type { Subject } from './subject.ts'

/** A way to tell results. One file, and one line in the registry; `--reporter` takes its name. */
export interface Reporter {
  readonly name: string
  /** For help: what it writes. */
  readonly summary: string
  /** Whether a file of its has room for one subject only, as a page has. */
  readonly ofOne?: boolean
  /** Whether other reporters may write to stdout as well. */
  readonly sharesStdout?: boolean
  /** The kinds of subject it cannot tell of, each with the remedy. */
  readonly not?: { readonly [kind in Subject['kind']]?: string }
  /**
   * Whether a file that begins so, with at most a megabyte, is an earlier text of this reporter, so that another may
   * replace it. Absent where nothing marks the text.
   */
  recognises?(start: string): boolean
  /** The text about one subject, written as soon as it is known. Called where the history is at hand. */
  each?(subject: Subject, place: Place): string | Promise<string>
  /** The text after all subjects. */
  end?(told: readonly Told[], place: Place): string
}

/** Where a text will be read. */
export interface Place {
  readonly style: Style
  readonly terminal: TerminalOptions
  readonly version: string
  readonly host: string
  /** Milliseconds since 1970. */
  readonly now: number
  /** The path of a history relative to the file that the text is written to. */
  pathTo(historyFile: string): string
  /** The path of the picture that is written as well, relative to the file that the text is written to; absent if none is. */
  readonly picture?: string | undefined
}

/** What remains of a subject once its history is gone. Plain data. */
export interface Told {
  readonly findings: readonly Finding[]
  /** Its line in a table of files, if it is one. */
  readonly row: CheckRow | undefined
}
