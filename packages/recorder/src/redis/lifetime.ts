import type { Json } from '@chaosproxy/history'

/** A time to live that a command sets, or tells. */
export interface Lifetime {
  /** The name of the key, or of a field of a hash, which has the time to live of the hash. */
  readonly key: string
  /** Counted from when the command is carried out. 0 if it is a moment of the server's clock, which may be wrong. */
  readonly afterMs: number
  /** Whether its answer says that it was set, in place of any other; undefined if that does not show. */
  readonly isSet: (answer: Json) => boolean | undefined
  /** How much of it is left, if the answer tells, counted from when the command is carried out. */
  readonly left?: ((answer: Json) => number | undefined) | undefined
  /** The key is a field of a hash. */
  readonly isInHash?: true | undefined
  /** It is the field's own, and not that of its hash. */
  readonly isOfField?: true | undefined
}

/** The unit of each option that sets a time to live; 0 for a moment of the server's clock. */
const UNITS: { readonly [option: string]: number } = { EX: 1000, PX: 1, EXAT: 0, PXAT: 0 }

/** Undefined for a time that is no positive number: Redis refuses it, or deletes the key. */
export function afterMs(unit: number | undefined, amount: Json | undefined): number | undefined {
  const value = typeof amount === 'string' && /^\d+$/.test(amount) ? Number(amount) : 0
  return unit === undefined || value <= 0 ? undefined : value * unit
}

/** What an option with a time says; undefined for any other option, or an invalid time. */
export const lifetimeMs = (option: Json | undefined, amount: Json | undefined): number | undefined =>
  afterMs(typeof option === 'string' ? UNITS[option.toUpperCase()] : undefined, amount)
