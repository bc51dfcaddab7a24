import type { History, Json } from '@chaosproxy/history'

/**
 * The value of the option `initial` for an unknown initial value of the object or of each key. A history then meets a
 * level if it meets the level from some initial value, and null is a value like any other. The text "unknown" itself
 * cannot be an initial value.
 */
export const UNKNOWN_START = 'unknown'

export const isUnknownStart = (initial: Json | undefined): boolean => initial === UNKNOWN_START

/**
 * Returns the initial value that a record names, or else null. The accounts of a bank without deposits must have had
 * money at the start. If the record does not contain these balances, as Jepsen's do not, they are unknown.
 */
export const startOf = (
  model: string | undefined,
  named: Json | undefined,
  { functions }: Pick<History, 'functions'>,
): Json => named ?? (model === 'bank' && !functions.includes('deposit') ? UNKNOWN_START : null)

/** An id that no value of the history has. */
export const UNMENTIONED = -2
