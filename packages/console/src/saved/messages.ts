/** A file to judge, or the parts of one recording. */
export interface SavedFile {
  readonly name: string
  readonly blob: Blob
}

/** What the page asks of a worker, which answers once and is ended then. */
export interface Question {
  readonly files: readonly SavedFile[]
  /** The model's name; undefined for the one that the history names, or a register. */
  readonly model: string | undefined
  /** The time for judging, which begins once the file is read. */
  readonly timeoutMs: number
  /** The program's version, for the report. */
  readonly version: string
}

/** What the worker says on the way, and at the end. */
export type Answer = Progress | Outcome

export type Progress =
  /** `of` is the size as it is kept, so a compressed file is read to more bytes than that. */
  | { readonly type: 'reading'; readonly bytes: number; readonly of: number }
  | { readonly type: 'judging'; readonly operations: number }

export type Outcome = Judged | { readonly type: 'refused'; readonly why: string }

export interface Judged {
  readonly type: 'judged'
  /** The verdict in a few words. */
  readonly title: string
  readonly file: string
  /** The report, a page of its own. */
  readonly page: string
  /** The result as `chaos check --json` prints it. */
  readonly json: string
}
