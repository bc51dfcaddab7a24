import type { Reply } from './reply.ts'
import type { Session, Waiting } from './session.ts'
import type { Database, Store } from './store.ts'

export interface Call {
  readonly store: Store
  readonly session: Session
  readonly database: Database
  readonly name: string
  readonly args: readonly string[]
  /** @throws WrongWordCount, UnknownCommand for a command that cannot be run. */
  readonly requireRunnable: (words: readonly string[]) => void
  /** Runs another command, which never waits. @throws CommandError, UnknownCommand */
  readonly perform: (session: Session, words: readonly string[]) => Reply
}

/** The result of a command that waits. Within a transaction, no command waits. */
export interface Waits {
  readonly waits: Omit<Waiting, 'database'>
}

export interface Command {
  readonly name: string
  /** The number of words, including the name; a negative number is a minimum. */
  readonly words: number
  /** The number of words of each subcommand. */
  readonly subcommands?: { readonly [name: string]: number } | undefined
  /** Runs the command. Returns undefined if it has written its replies itself. @throws CommandError, UnknownCommand */
  readonly run: (call: Call) => Reply | Waits | undefined
}

export const command = (
  name: string,
  words: number,
  run: Command['run'],
  subcommands?: Command['subcommands'],
): Command => ({ name, words, subcommands, run })
