export type UserErrorCode = 'usage' | 'input' | 'environment'

/**
 * An error of the user or of the environment, shown as its message alone. The message says what is wrong, where
 * (file:line or option), and what to do next.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError'
  readonly code: UserErrorCode

  /** `cause` is for programs. The message must suffice for users. */
  constructor(code: UserErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** An error in the usage: an option, an argument, a setting. */
export const usageError = (message: string, options?: ErrorOptions): UserError =>
  new UserError('usage', message, options)

/** An error in the input. */
export const inputError = (message: string, options?: ErrorOptions): UserError =>
  new UserError('input', message, options)

/** An error in the environment: a program, a server, a file system. */
export const environmentError = (message: string, options?: ErrorOptions): UserError =>
  new UserError('environment', message, options)

/** Thrown for a recording that must be read or checked as a whole. */
export class CannotPack extends Error {
  override readonly name: string = 'CannotPack'
}

/** The outcome of an operation that a system answers with certain errors. */
export interface ErrorMeaning {
  /**
   * Texts by which the error is recognised: an error code, the first word of a message, or another part of the message.
   */
  readonly texts: readonly [string, ...string[]]
  /** `fail`: the operation certainly had no effect. `info`: it may have had an effect, or part of an effect. */
  readonly means: 'fail' | 'info'
  readonly why: string
}

/** Whether the text of an event's error says that there was none. */
export const isNoError = (text: string): boolean => NO_ERROR.has(text.trim().toLowerCase())

const NO_ERROR = new Set(['', '0', '<nil>', 'false', 'nil', 'none', 'null', 'ok'])

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error))
