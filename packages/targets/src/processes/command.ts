/** A program and the way to run it, as data. */
export interface ProgramCommand {
  /** The program, looked up in PATH unless it contains a slash, and its arguments. No shell is involved. */
  readonly words: readonly [program: string, ...rest: string[]]
  /** Variables added to this process's environment; undefined removes a variable. */
  readonly environment?: { readonly [name: string]: string | undefined } | undefined
  /** The working directory; by default this process's own. */
  readonly directory?: string | undefined
  /**
   * The user that runs the program if this process is root, because some servers refuse to run as root. Ignored if this
   * process is not root.
   */
  readonly user?: string | undefined
}

/** Formats the command as a user would type it, for messages. */
export const commandText = ({ words }: ProgramCommand): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
