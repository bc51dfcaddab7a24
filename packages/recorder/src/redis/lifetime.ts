import type { Json } from '@chaosproxy/history'

/** A time to live that a command sets or reports. */
export interface Lifetime {
  readonly key: string
  /**
   * How long the key lives after the command is executed, in milliseconds. 0 if the command gives a point in time at
   * which the key expires (such as `EXAT`), because the server's clock may be wrong.
   */
  readonly afterMs: number
  /**
   * Whether the reply shows that the time to live was set (true) or was not set (false); undefined if it shows neither.
   */
  readonly isSet: (answer: Json) => boolean | undefined
  readonly left?: ((answer: Json) => number | undefined) | undefined
  readonly isInHash?: true | undefined
  /** Whether the time to live belongs to a single field of the hash, not to the whole hash. */
  readonly isOfField?: true | undefined
}

/**
 * Returns a time to live whose remaining milliseconds the reply reports. `own` returns the element of the reply that
 * contains the milliseconds.
 */
export function reportedLifetime(key: string, afterMs: number, own: (answer: Json) => Json | undefined): Lifetime {
  const left = (answer: Json): number | undefined => {
    const ms = own(answer)
    return typeof ms === 'number' && ms >= 0 ? ms : undefined
  }
  return { key, afterMs, left, isSet: (answer) => left(answer) !== undefined }
}

/**
 * Milliseconds per unit of each Redis option that sets a time to live. 0 for an option whose argument is a time of the
 * server's clock.
 */
const UNITS: { readonly [option: string]: number } = { EX: 1000, PX: 1, EXAT: 0, PXAT: 0 }

/**
 * Returns a time to live in milliseconds. Undefined if the amount is not positive: Redis then refuses the command, or
 * deletes the key.
 */
export function afterMs(unit: number | undefined, amount: Json | undefined): number | undefined {
  const value = typeof amount === 'string' && /^\d+$/.test(amount) ? Number(amount) : 0
  return unit === undefined || value <= 0 ? undefined : value * unit
}

/** The time to live that an option sets, in milliseconds. */
export const lifetimeMs = (option: Json | undefined, amount: Json | undefined): number | undefined =>
  afterMs(typeof option === 'string' ? UNITS[option.toUpperCase()] : undefined, amount)
