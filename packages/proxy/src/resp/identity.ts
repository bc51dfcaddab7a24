import type { Json } from '@chaos/history'

/** How a client is named: once for its connection, or by what it says of itself. */
export type Naming = { readonly kind: 'fixed'; readonly session: string | undefined } | { readonly kind: 'said' }

/** Who speaks on a connection. */
export interface Identity {
  /** Undefined where nothing names the client. */
  readonly session: string | undefined
  /** What a command says of the client, to be called once it succeeded; undefined where it says nothing. */
  readonly told: (name: string, words: readonly Json[]) => (() => void) | undefined
}

/** Redis' name for everybody who did not say who they are. */
const DEFAULT_USER = 'default'

/** By `CLIENT SETNAME`, or else by the user of `AUTH`; either may be said in a `HELLO`. */
export function createIdentity(naming: Naming): Identity {
  let clientName: string | undefined
  let user: string | undefined
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
    return () => {
      for (const step of steps) step()
    }
  }

  return {
    get session() {
      if (naming.kind === 'fixed') return naming.session
      return clientName ?? (user === undefined ? undefined : `user ${user}`)
    },
    told(name, words) {
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
    },
  }
}

const upper = (word: Json | undefined): string | undefined =>
  typeof word === 'string' ? word.toUpperCase() : undefined

const textOf = (word: Json | undefined): string => (typeof word === 'string' ? word : JSON.stringify(word ?? null))
