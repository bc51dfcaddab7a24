import type { NodeCommand } from '@chaosproxy/runner'

/** If this process is root, the program runs as `user`, because some servers refuse to run as root. */
export interface ProgramCommand extends NodeCommand {
  /** The program and its arguments. A program without a slash is looked up in PATH. No shell is involved. */
  readonly words: readonly [program: string, ...rest: string[]]
}

export const commandText = ({ words }: ProgramCommand): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
