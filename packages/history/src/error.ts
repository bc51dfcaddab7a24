export type UserErrorCode = 'usage' | 'input' | 'environment'

/**
 * The user's mistake, or the machine's trouble: shown as its message alone, never with a stack.
 * The message says what is wrong, where (file:line or option), and what to do next.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError'
  readonly code: UserErrorCode

  constructor(code: UserErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
