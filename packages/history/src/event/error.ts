export type UserErrorCode = 'usage' | 'input' | 'environment'

/**
 * A user's error, or trouble of the machine: shown as its message alone, never with a stack. The message says what is
 * wrong, where (file:line or option), and what to do next.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError'
  readonly code: UserErrorCode

  /** `cause` is for programs; the message alone must suffice for people. */
  constructor(code: UserErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Trouble with how something is called: an option, an argument, a setting. */
export const usageError = (message: string, options?: ErrorOptions): UserError =>
  new UserError('usage', message, options)

/** Trouble with what was given to read. */
export const inputError = (message: string, options?: ErrorOptions): UserError =>
  new UserError('input', message, options)

/** Trouble with the machine: a program, a server, a file system. */
export const environmentError = (message: string, options?: ErrorOptions): UserError =>
  new UserError('environment', message, options)

/** What a recording has that cannot be judged key by key while it is read, or not from several places at once. */
export class CannotPack extends Error {
  override readonly name: string = 'CannotPack'
}

/** What an error of a system says about the operation that it answers. */
export interface ErrorMeaning {
  /** What errors with this meaning say: a code, or the first word or another part of the message. */
  readonly says: readonly [string, ...string[]]
  /** `fail`: it certainly had no effect. `info`: it may have had one, or a part of one. */
  readonly means: 'fail' | 'info'
  readonly why: string
}

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error))
