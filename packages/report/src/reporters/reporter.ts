import type { CheckRow } from '../terminal/check-page.ts'
import type { Style, TerminalOptions } from '../terminal/style.ts'
import type { Finding } from './finding.ts'
import type { Subject } from './subject.ts'

/**
 * A format in which results are reported. Each reporter is one file and one line in the registry; `--reporter` selects
 * a reporter by its name.
 */
export interface Reporter {
  readonly name: string
  /** The description of the format in the help. */
  readonly summary: string
  /** Whether the output, such as a page, has room for only one subject. */
  readonly ofOne?: boolean
  /** Whether other reporters may print to stdout besides this reporter. */
  readonly sharesStdout?: boolean
  /** The kinds of subject that the reporter does not support, each with an alternative. */
  readonly not?: { readonly [kind in Subject['kind']]?: string }
  /**
   * Whether a file with this start (at most a megabyte) is an earlier output of this reporter, which a new output may
   * replace. Absent if the output has no distinctive mark.
   */
  recognises?(start: string): boolean
  /**
   * Returns the text about one subject. The text is written as soon as the subject is judged, while the history is in
   * memory.
   */
  each?(subject: Subject, place: Place): string | Promise<string>
  /** Returns the last text, written after the texts of all subjects. `findings`: the findings of all subjects. */
  end?(findings: readonly Finding[], place: Place, summaries: readonly SubjectSummary[]): string
}

/** The terminal or file that a text is written to, and facts that the text may state: the version, host and time. */
export interface Place {
  readonly style: Style
  readonly terminal: TerminalOptions
  readonly version: string
  readonly host: string
  /** Milliseconds since 1970. */
  readonly now: number
  /** Returns the path of a history, relative to the file that the text is written to. */
  pathTo(historyFile: string): string
  /** Path of the picture that belongs to the text, relative to the text's file; absent without a picture. */
  readonly picture?: string | undefined
}

/** The plain data about a subject that remains when its history is released. */
export interface SubjectSummary {
  readonly findings: readonly Finding[]
  readonly row: CheckRow | undefined
}
