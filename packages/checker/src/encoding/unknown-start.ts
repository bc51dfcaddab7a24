import type { Json } from '@chaosproxy/history'

/**
 * In place of an initial value: the initial value of each key, or of the object, is unknown. A history then meets a level if
 * it does so for some initial values, and null is a value like any other. The text "unknown" itself cannot be an initial
 * value.
 */
export const UNKNOWN_START = 'unknown'

export const isUnknownStart = (initial: Json | undefined): boolean => initial === UNKNOWN_START

/** In place of a value's id: a value that the history does not mention. No value has this id. */
export const UNMENTIONED = -2
