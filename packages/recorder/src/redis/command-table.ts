/**
 * How to send an operation to Redis, and what its reply means. Error replies are classified by the recorder's rules.
 */
export interface CommandSpec {
  /** The words of the command. `{key}`, `{value}`, a cas's `{old}` and `{new}`, and a fresh `{token}` are filled in. */
  readonly send: readonly string[]
  /** The kind of reply; by default the result is the input. */
  readonly result?: 'given' | 'token' | 'text' | 'number' | 'boolean' | 'list' | undefined
  /** Replies that mean the operation certainly had no effect. */
  readonly refused?: readonly (string | number | null)[] | undefined
}

/** By function, in order of preference: the first command whose placeholders can all be filled in is sent. */
export interface CommandTable {
  readonly [f: string]: readonly CommandSpec[]
}
