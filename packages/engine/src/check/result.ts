import type { UserError } from '@chaosproxy/history'
import type { StoredPart, Taken } from '@chaosproxy/history/files'
import type { ExitCode, RunSetup } from '@chaosproxy/runner/result'
import type { Output, SubjectTexts } from '../output/part.ts'
import type { CheckSpec } from './options.ts'

/** One file to check, and how. Plain data, so that it can be sent to another thread. */
export interface CheckTask {
  readonly file: string
  /** The objects of a recording in an object store. All threads get this list, so they read the same content. */
  readonly stored?: readonly StoredPart[] | undefined
  /** The files whose events are merged by time into one history. Messages refer to this history by the name `file`. */
  readonly merged?: readonly string[] | undefined
  readonly settings: CheckSpec
  /** The run that recorded the file, if known. */
  readonly setup?: RunSetup | undefined
  /**
   * Whether this is the only file to check. If it is, its result is a page. Otherwise, its result is a line of a table.
   */
  readonly alone: boolean
  /** The command that repeats the check. */
  readonly again: string
  /** The texts to produce about the file. */
  readonly output: Output
}

/** The result for one file, as text and numbers. The history itself stays in the thread that read it. */
export type CheckResult = CheckedFile | FileTrouble | StoppedFile

/** A file that could not be read or checked. */
export interface FileTrouble {
  readonly file: string
  readonly trouble: { readonly code: UserError['code']; readonly message: string }
}

/** A check that was ended from outside, so nothing is known. */
export interface StoppedFile {
  readonly file: string
  readonly stopped: string
}

export interface CheckedFile {
  readonly file: string
  readonly exitCode: ExitCode
  readonly part: SubjectTexts
  /** The JSON members of the file that have other names than in chaos's own format, and the role of each. */
  readonly taken?: readonly Taken[] | undefined
  /** Why the requested proof was not written. */
  readonly unproved?: string | undefined
}
