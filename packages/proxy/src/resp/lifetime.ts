import type { Json } from '@chaosproxy/history'

/** A time to live that a command sets. */
export interface Lifetime {
  /** The key's name. */
  readonly key: string
  /** Counted from when the command is carried out. 0 if it is a moment of the server's clock, which may be wrong. */
  readonly afterMs: number
  /** Whether its answer says that it was set, in place of any other; undefined if that does not show. */
  readonly isSet: (answer: Json) => boolean | undefined
}

/** The unit of each option that sets a time to live; 0 for a moment of the server's clock. */
const UNITS: { readonly [option: string]: number } = { EX: 1000, PX: 1, EXAT: 0, PXAT: 0 }

/** The commands that set a time to live and do nothing else. */
const COMMANDS: { readonly [command: string]: number } = { EXPIRE: 1000, PEXPIRE: 1, EXPIREAT: 0, PEXPIREAT: 0 }

/** Undefined for a time that is no positive number: Redis refuses it, or deletes the key. */
function afterMs(unit: number | undefined, amount: Json | undefined): number | undefined {
  const value = typeof amount === 'string' && /^\d+$/.test(amount) ? Number(amount) : 0
  return unit === undefined || value <= 0 ? undefined : value * unit
}

/** What an option with a time says; undefined for any other option, or an invalid time. */
export const lifetimeMs = (option: Json | undefined, amount: Json | undefined): number | undefined =>
  afterMs(typeof option === 'string' ? UNITS[option.toUpperCase()] : undefined, amount)

/** What `EXPIRE key 10` and its like say; undefined for other commands. */
export function lifetimeOf(name: string, words: readonly Json[], key: (key: Json) => string): Lifetime | undefined {
  const after = Object.hasOwn(COMMANDS, name) ? afterMs(COMMANDS[name], words[2]) : undefined
  if (after === undefined || words.length > 4) return undefined
  return { key: key(words[1] ?? null), afterMs: after, isSet: (answer) => answer === 1 }
}
