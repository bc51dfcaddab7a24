import type { Reply } from './reply.ts'
import type { Session, Waiting } from './session.ts'
import type { Database, Store } from './store.ts'

/** One execution of a command. */
export interface Call {
  readonly store: Store
  readonly session: Session
  /** The database that is selected. */
  readonly database: Database
  /** As it was written. */
  readonly name: string
  /** What follows the name. */
  readonly args: readonly string[]
  /** @throws WrongWordCount, UnknownCommand for a command that cannot be run. */
  readonly requireRunnable: (words: readonly string[]) => void
  /** Runs another command for a session, without waiting. @throws CommandError, UnknownCommand */
  readonly perform: (session: Session, words: readonly string[]) => Reply
}

/** The command waits, unless it is within a transaction. */
export interface Waits {
  readonly waits: Omit<Waiting, 'database'>
}

export interface Command {
  readonly name: string
  /** How many words it has, its name included; negative: at least as many. */
  readonly words: number
  /** The same of its subcommands, by their names; others are not known. */
  readonly subcommands?: { readonly [name: string]: number } | undefined
  /** Undefined: it has written its replies itself. @throws CommandError, UnknownCommand */
  readonly run: (call: Call) => Reply | Waits | undefined
}

export const command = (
  name: string,
  words: number,
  run: Command['run'],
  subcommands?: Command['subcommands'],
): Command => ({ name, words, subcommands, run })
