/**
 * How to send an operation to Redis, and how to interpret its reply. Error replies are classified by the recorder's
 * rules.
 */
export interface CommandSpec {
  /**
   * The words of the command. The placeholders `{key}`, `{value}`, a cas's `{old}` and `{new}`, and `{token}`, a new
   * token, are filled in.
   */
  readonly send: readonly string[]
  /**
   * The source of the result: a reply of this kind, the input (`given`, the default), or the token that was sent
   * (`token`).
   */
  readonly result?: 'given' | 'token' | 'text' | 'number' | 'boolean' | 'list' | undefined
  /** Replies that show that the operation had no effect. */
  readonly refused?: readonly (string | number | null)[] | undefined
}

/**
 * For each function, the commands that can express it, in order of preference. The first command whose placeholders all
 * have a value is sent.
 */
export interface CommandTable {
  readonly [f: string]: readonly CommandSpec[]
}
