import type { Json } from '@chaosproxy/history'

/** A time to live that a command sets or reports. */
export interface Lifetime {
  /** The name of the key, or of a field of a hash. A field has the time to live of its hash. */
  readonly key: string
  /** Milliseconds from the execution of the command. 0 for a time of the server's clock, which may be wrong. */
  readonly afterMs: number
  /**
   * Whether the reply shows that the time to live was set and replaced any earlier one; undefined if the reply does not
   * show it.
   */
  readonly isSet: (answer: Json) => boolean | undefined
  /** The remaining time in the reply, counted from the execution of the command. */
  readonly left?: ((answer: Json) => number | undefined) | undefined
  /** Whether the key is a field of a hash. */
  readonly isInHash?: true | undefined
  /** Whether the time to live is the field's own, and not its hash's. */
  readonly isOfField?: true | undefined
}

/**
 * The unit of each option that sets a time to live, in milliseconds. 0 for an option with a time of the server's clock.
 */
const UNITS: { readonly [option: string]: number } = { EX: 1000, PX: 1, EXAT: 0, PXAT: 0 }

/**
 * Returns a time to live in milliseconds. Undefined if the time to live is not a positive number: Redis then refuses
 * the command, or deletes the key.
 */
export function afterMs(unit: number | undefined, amount: Json | undefined): number | undefined {
  const value = typeof amount === 'string' && /^\d+$/.test(amount) ? Number(amount) : 0
  return unit === undefined || value <= 0 ? undefined : value * unit
}

/** The time to live that an option sets, in milliseconds; undefined for any other option, or an invalid time. */
export const lifetimeMs = (option: Json | undefined, amount: Json | undefined): number | undefined =>
  afterMs(typeof option === 'string' ? UNITS[option.toUpperCase()] : undefined, amount)
