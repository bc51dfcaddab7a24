import type { Reply } from './reply.ts'
import type { Session, Waiting } from './session.ts'
import type { Database, Store } from './store.ts'

export interface Call {
  readonly store: Store
  readonly session: Session
  readonly database: Database
  /** As written by the client. */
  readonly name: string
  /** The words after the name. */
  readonly args: readonly string[]
  /** @throws WrongWordCount, UnknownCommand for a command that cannot be run. */
  readonly requireRunnable: (words: readonly string[]) => void
  /** Runs another command for a session, without waiting. @throws CommandError, UnknownCommand */
  readonly perform: (session: Session, words: readonly string[]) => Reply
}

/** Makes the command wait, unless it is within a transaction. */
export interface Waits {
  readonly waits: Omit<Waiting, 'database'>
}

export interface Command {
  readonly name: string
  /** The number of its words, including its name; negative: at least as many. */
  readonly words: number
  /** The same for its subcommands, by name; others are unknown. */
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
