/** A program and how to run it, as data. */
export interface ProgramCommand {
  /** The program, looked up in PATH unless it contains a slash, and its arguments. No shell is involved. */
  readonly words: readonly [program: string, ...rest: string[]]
  /** Added to this process's environment; undefined removes a variable. */
  readonly environment?: { readonly [name: string]: string | undefined } | undefined
  /** Working directory. By default this process's own. */
  readonly directory?: string | undefined
  /** The user to run it as if this process is root: some servers refuse to run as root. Ignored otherwise. */
  readonly user?: string | undefined
}

/** The command as one would type it, for messages. */
export const commandText = ({ words }: ProgramCommand): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
