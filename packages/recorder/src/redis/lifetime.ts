import type { Json } from '@chaosproxy/history'

/** A time to live that a command sets or reports. */
export interface Lifetime {
  /** The name of the key, or of a field of a hash, which has the time to live of the hash. */
  readonly key: string
  /** Counted from the execution of the command. 0 for a time of the server's clock, which may be wrong. */
  readonly afterMs: number
  /** Whether its reply says that it was set, replacing any other; undefined if the reply does not show it. */
  readonly isSet: (answer: Json) => boolean | undefined
  /** The remaining time in the reply, counted from the execution of the command. */
  readonly left?: ((answer: Json) => number | undefined) | undefined
  /** Whether the key is a field of a hash. */
  readonly isInHash?: true | undefined
  /** Whether it is the field's own, and not its hash's. */
  readonly isOfField?: true | undefined
}

/** The unit of each option that sets a time to live; 0 for a moment of the server's clock. */
const UNITS: { readonly [option: string]: number } = { EX: 1000, PX: 1, EXAT: 0, PXAT: 0 }

/** Undefined for a time that is not a positive number: Redis refuses it, or deletes the key. */
export function afterMs(unit: number | undefined, amount: Json | undefined): number | undefined {
  const value = typeof amount === 'string' && /^\d+$/.test(amount) ? Number(amount) : 0
  return unit === undefined || value <= 0 ? undefined : value * unit
}

/** The time of an option; undefined for any other option, or an invalid time. */
export const lifetimeMs = (option: Json | undefined, amount: Json | undefined): number | undefined =>
  afterMs(typeof option === 'string' ? UNITS[option.toUpperCase()] : undefined, amount)
