import type { Json } from '@chaosproxy/history'

/** How a client is named: fixed for its connection, or by its own commands. */
export type Naming = { readonly kind: 'fixed'; readonly session: string | undefined } | { readonly kind: 'said' }

/** The client on a connection. */
export interface Identity {
  /** Undefined if nothing names the client, or a command that renames it is not answered yet. */
  readonly session: string | undefined
  /**
   * Notes a command that may rename the client. Call the result once it succeeded or failed; undefined for other
   * commands.
   */
  readonly told: (name: string, words: readonly Json[]) => ((succeeded: boolean) => void) | undefined
}

/** Redis' name for unauthenticated clients. */
const DEFAULT_USER = 'default'

/** Names a client by `CLIENT SETNAME`, otherwise by the user of `AUTH`; `HELLO` may contain either. */
export function createIdentity(naming: Naming): Identity {
  let clientName: string | undefined
  let user: string | undefined
  /** Unanswered commands that may rename the client. Until they are answered its name is unknown. */
  let unanswered = 0
  const named = (name: Json | undefined): (() => void) => {
    return () => {
      clientName = name === '' ? undefined : textOf(name)
    }
  }
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

  const saidBy = (name: string, words: readonly Json[]): (() => void) | undefined => {
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
      return clientName ?? (user === undefined ? undefined : `user ${user}`)
    },
    told(name, words) {
      const said = saidBy(name, words)
      if (said === undefined) return undefined
      unanswered++
      return (succeeded) => {
        unanswered--
        if (succeeded) said()
      }
    },
  }
}

const upper = (word: Json | undefined): string | undefined =>
  typeof word === 'string' ? word.toUpperCase() : undefined

const textOf = (word: Json | undefined): string => (typeof word === 'string' ? word : JSON.stringify(word ?? null))
