import type { Reply } from './reply.ts'
import type { Session, Waiting } from './session.ts'
import type { Database, Store } from './store.ts'

export interface Call {
  readonly store: Store
  readonly session: Session
  readonly database: Database
  /** The name as the client wrote it. */
  readonly name: string
  /** The arguments: the words after the name. */
  readonly args: readonly string[]
  /** @throws WrongWordCount, UnknownCommand for a command that cannot be run. */
  readonly requireRunnable: (words: readonly string[]) => void
  /** Runs another command for a session. The command never waits. @throws CommandError, UnknownCommand */
  readonly perform: (session: Session, words: readonly string[]) => Reply
}

/** The result of a command that waits; within a transaction the command does not wait. */
export interface Waits {
  readonly waits: Omit<Waiting, 'database'>
}

export interface Command {
  readonly name: string
  /** The number of the command's words, including the name; a negative number is a minimum. */
  readonly words: number
  /** The number of words of each subcommand, by its name. Other subcommands are unknown. */
  readonly subcommands?: { readonly [name: string]: number } | undefined
  /** Runs the command; returns undefined if it has written its replies itself. @throws CommandError, UnknownCommand */
  readonly run: (call: Call) => Reply | Waits | undefined
}

export const command = (
  name: string,
  words: number,
  run: Command['run'],
  subcommands?: Command['subcommands'],
): Command => ({ name, words, subcommands, run })
