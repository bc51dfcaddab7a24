/** A file to judge, or one part of a recording. */
export interface SavedFile {
  readonly name: string
  readonly blob: Blob
}

/** The page's request to a worker. The worker answers once, and is then ended. */
export interface Question {
  readonly files: readonly SavedFile[]
  /**
   * The name of the model. If undefined, the history names the model; a history that names none is judged as a
   * register.
   */
  readonly model: string | undefined
  /** The time limit for judging, which begins once the file is read. */
  readonly timeoutMs: number
  /** The program's version, for the report. */
  readonly version: string
}

/** A message of the worker: its progress, or the outcome. */
export type Answer = Progress | Outcome

export type Progress =
  /** `of` is the stored size of the file. `bytes` may exceed `of` if the file is compressed. */
  | { readonly type: 'reading'; readonly bytes: number; readonly of: number }
  | { readonly type: 'judging'; readonly operations: number }

export type Outcome = Judged | { readonly type: 'refused'; readonly why: string }

export interface Judged {
  readonly type: 'judged'
  /** The verdict in a few words. */
  readonly title: string
  readonly file: string
  /** The report, as an HTML page. */
  readonly page: string
  /** The result as `chaos check --json` prints it. */
  readonly json: string
}
