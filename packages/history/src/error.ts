export type UserErrorCode = 'usage' | 'input' | 'environment'

/**
 * A user's mistake, or trouble of the machine: shown as its message alone, never with a stack. The message says what is
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
