/** What an error of a system says about the operation that it answers. */
export interface ErrorMeaning {
  /** What errors with this meaning say: a code, or the first word or another part of the message. */
  readonly says: readonly [string, ...string[]]
  /** `fail`: it certainly had no effect. `info`: it may have had one, or a part of one. */
  readonly means: 'fail' | 'info'
  readonly why: string
}
