import type { Json } from '@chaosproxy/history'

/**
 * Stands for an unknown initial value of each key or of the object. A history then meets a level if it does so for some
 * initial value, and null is an ordinary value. The text "unknown" itself cannot be an initial value.
 */
export const UNKNOWN_START = 'unknown'

export const isUnknownStart = (initial: Json | undefined): boolean => initial === UNKNOWN_START

/** Stands for the id of a value that the history does not mention. No value has this id. */
export const UNMENTIONED = -2
