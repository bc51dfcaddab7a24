import type { Report } from '@chaosproxy/checker'
import type { UserError } from '@chaosproxy/history'
import type { CheckRow, TerminalOptions } from '@chaosproxy/report'
import type { ExitCode } from '../exit-code.ts'
import type { CheckSettings } from './settings.ts'

/** One file to check, and what is wanted of it. Plain data: it may go to another thread. */
export interface CheckTask {
  readonly file: string
  readonly settings: CheckSettings
  /** Whether it is the only one: then it gets a page rather than a line of a table. */
  readonly alone: boolean
  readonly terminal: TerminalOptions & { readonly colours: boolean }
}

/** What became of a file, as text and numbers: a history stays in the thread that read it. */
export type CheckResult = CheckedFile | FileTrouble | StoppedFile

/** The file could not be read or checked. */
export interface FileTrouble {
  readonly file: string
  readonly trouble: { readonly code: UserError['code']; readonly message: string }
}

/** Its check did not keep to its limits and was ended from outside: nothing is known. */
export interface StoppedFile {
  readonly file: string
  readonly stopped: string
}

/** What is said of a file that was checked: what was asked for of the page, the explanations, the JSON object, the report. */
export interface CheckedFile {
  readonly file: string
  readonly row: Extract<CheckRow, { report: Report<string> }>
  readonly exitCode: ExitCode
  readonly page: string | undefined
  readonly explanation: string | undefined
  readonly json: string | undefined
  readonly html: string | undefined
}
