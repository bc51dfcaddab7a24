/** A program and how to run it, as data. */
export interface Command {
  /** The program, looked up in PATH unless it has a slash in it, and its arguments. No shell is involved. */
  readonly words: readonly [program: string, ...rest: string[]]
  /** On top of this process's own environment; undefined takes a variable away. */
  readonly environment?: { readonly [name: string]: string | undefined } | undefined
  /** Its working directory. By default this process's own. */
  readonly directory?: string | undefined
  /** Whom to run it as where this process is root: some servers refuse to be. A process that is not root runs it as itself. */
  readonly user?: string | undefined
}

/** For messages: as one would type it. */
export const commandText = ({ words }: Command): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
