import type { Json } from '@chaosproxy/history'

/** How a client is named: once for its connection, or by what it says of itself. */
export type Naming = { readonly kind: 'fixed'; readonly session: string | undefined } | { readonly kind: 'said' }

/** Who speaks on a connection. */
export interface Identity {
  /** Undefined where nothing names the client, or it is not known yet whether it goes by another name. */
  readonly session: string | undefined
  /** What a command says of the client, to be called once it succeeded or failed; undefined where it says nothing. */
  readonly told: (name: string, words: readonly Json[]) => ((succeeded: boolean) => void) | undefined
}

/** Redis' name for everybody who did not say who they are. */
const DEFAULT_USER = 'default'

/** By `CLIENT SETNAME`, or else by the user of `AUTH`; either may be said in a `HELLO`. */
export function createIdentity(naming: Naming): Identity {
  let clientName: string | undefined
  let user: string | undefined
  /** Commands that may give another name. What is sent behind them, before they are answered, is by who knows whom. */
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
