export type UserErrorCode = 'usage' | 'input' | 'environment'

/**
 * The user's mistake, or the machine's trouble: shown as its message alone, never with a stack.
 * The message says what is wrong, where (file:line or option), and what to do next.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError'
  readonly code: UserErrorCode

  /** Its cause, where there is one, is for programs: the message alone must do for people. */
  constructor(code: UserErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
