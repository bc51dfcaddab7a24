export interface ProgramCommand {
  /** The program and its arguments. A program without a slash is looked up in PATH. No shell is involved. */
  readonly words: readonly [program: string, ...rest: string[]]
  /** Changes to this process's environment; undefined removes a variable. */
  readonly environment?: { readonly [name: string]: string | undefined } | undefined
  readonly directory?: string | undefined
  /** The user that runs the program if this process is root, because some servers refuse to run as root. */
  readonly user?: string | undefined
}

export const commandText = ({ words }: ProgramCommand): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
