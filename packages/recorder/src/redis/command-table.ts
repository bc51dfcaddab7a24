/** How to send an operation to Redis, and how to interpret its reply. */
export interface CommandSpec {
  /**
   * The words of the command. The placeholders are `{key}`, `{value}`, a cas's `{old}` and `{new}`, and `{token}` for a
   * new token.
   */
  readonly send: readonly string[]
  /**
   * What the operation returns: a reply of this kind, the operation's input (`given`), or the sent `token`. The default
   * is `given`.
   */
  readonly result?: 'given' | 'token' | 'text' | 'number' | 'boolean' | 'list' | undefined
  /** Replies that show that the operation had no effect. */
  readonly refused?: readonly (string | number | null)[] | undefined
}

/** For each function, commands in order of preference. The first command with a value for each placeholder is sent. */
export interface CommandTable {
  readonly [f: string]: readonly CommandSpec[]
}
