/** A file to judge, or one part of a recording. */
export interface SavedFile {
  readonly name: string
  readonly blob: Blob
}

/** A request to a worker, which answers once and is then ended. */
export interface Question {
  readonly files: readonly SavedFile[]
  /** The model. If undefined, the one that the history names, or else a register. */
  readonly model: string | undefined
  /** The time limit for judging. The time for reading does not count. */
  readonly timeoutMs: number
  readonly version: string
}

export type Answer = Progress | Outcome

export type Progress =
  /** `of` is the file's size. For a compressed file, `bytes` is uncompressed and may exceed `of`. */
  | { readonly type: 'reading'; readonly bytes: number; readonly of: number }
  | { readonly type: 'judging'; readonly operations: number }

export type Outcome = Judged | { readonly type: 'refused'; readonly why: string }

export interface Judged {
  readonly type: 'judged'
  readonly title: string
  readonly file: string
  readonly page: string
  readonly json: string
}
