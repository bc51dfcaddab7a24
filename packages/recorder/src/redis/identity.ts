import type { Json } from '@chaosproxy/history'
import type { Naming } from '../record/naming.ts'

export interface Identity {
  /** The client's name; undefined while it is unknown or being changed. */
  readonly session: string | undefined
  readonly isFinal: boolean
  /**
   * Takes a command that may rename the client. Returns a function whose argument is whether the command succeeded.
   * Returns undefined if the command does not rename the client.
   */
  readonly received: (
    name: string,
    words: readonly Json[],
    when?: 'at once' | 'later',
  ) => ((succeeded: boolean) => void) | undefined
}

/** The name suffix of a client for final reads: `process-7:final`. */
export const FINAL_SUFFIX = ':final'

/**
 * Matches the names that chaos gives to its own Redis clients: `process-7`, or `process-7:final` for reads at the end
 * of a recording.
 */
const OWN_NAME = /^process-\d+(:final)?$/

/** Whether a command is `CLIENT SETNAME` with a name that chaos gives to its own clients. */
export const isOwnNaming = ([name, subcommand, session]: readonly Json[]): boolean =>
  upper(name) === 'CLIENT' && upper(subcommand) === 'SETNAME' && OWN_NAME.test(textOf(session))

/** Redis' name for the user of unauthenticated clients. */
const DEFAULT_USER = 'default'

/** Names a client by `CLIENT SETNAME`, otherwise by the user of `AUTH`. `HELLO` may set both. */
export function createIdentity(naming: Naming): Identity {
  let clientName: string | undefined
  let user: string | undefined
  /** Number of unanswered commands that may rename the client. Until they are answered, its name is unknown. */
  let unanswered = 0
  const rename = (name: Json | undefined): void => {
    clientName = name === '' ? undefined : textOf(name)
  }
  const named = (name: Json | undefined) => () => rename(name)
  const authenticated = (who: Json | undefined): (() => void) => {
    return () => {
      user = who === DEFAULT_USER ? undefined : textOf(who)
    }
  }

  const hello = (words: readonly Json[]): (() => void) | undefined => {
    const steps: (() => void)[] = []
    for (let at = 2; at < words.length; at++) {
      const option = upper(words[at])
      if (option === 'AUTH') {
        steps.push(authenticated(words[at + 1]))
        at += 2
      } else if (option === 'SETNAME') steps.push(named(words[++at]))
    }
    if (steps.length === 0) return undefined
    return () => {
      for (const step of steps) step()
    }
  }

  const renamingBy = (name: string, words: readonly Json[]): (() => void) | undefined => {
    switch (name) {
      case 'CLIENT':
        return upper(words[1]) === 'SETNAME' ? named(words[2]) : undefined
      case 'AUTH':
        return authenticated(words.length > 2 ? words[1] : DEFAULT_USER)
      case 'HELLO':
        return hello(words)
      case 'RESET':
        return () => {
          clientName = undefined
          user = undefined
        }
      default:
        return undefined
    }
  }

  return {
    get session() {
      if (naming.kind === 'fixed') return naming.session
      if (unanswered > 0) return undefined
      return clientName?.replace(FINAL, '') ?? (user === undefined ? undefined : `user ${user}`)
    },
    get isFinal() {
      return clientName?.endsWith(FINAL_SUFFIX) === true
    },
    received(name, words, when = 'at once') {
      if (when === 'at once' && name === 'CLIENT' && upper(words[1]) === 'SETNAME' && isName(words[2])) {
        // Rename now and not at the reply: requests sent before the reply have the new name, too.
        const before = clientName
        rename(words[2])
        return (succeeded) => {
          if (!succeeded) clientName = before
        }
      }
      const renameClient = renamingBy(name, words)
      if (renameClient === undefined) return undefined
      unanswered++
      return (succeeded) => {
        unanswered--
        if (succeeded) renameClient()
      }
    },
  }
}

const FINAL = new RegExp(`${FINAL_SUFFIX}$`)

/** Redis refuses any other characters in names. */
const isName = (word: Json | undefined): boolean => typeof word === 'string' && /^[!-~]+$/.test(word)

const upper = (word: Json | undefined): string | undefined =>
  typeof word === 'string' ? word.toUpperCase() : undefined

const textOf = (word: Json | undefined): string => (typeof word === 'string' ? word : JSON.stringify(word ?? null))
