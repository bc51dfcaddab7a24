import type { Json } from '@chaosproxy/history'

/**
 * Stands for an unknown initial value of the object or of each key. A history then meets a level if some initial value
 * makes it meet the level. With this option, null is an ordinary value, and the text "unknown" cannot be an initial
 * value.
 */
export const UNKNOWN_START = 'unknown'

export const isUnknownStart = (initial: Json | undefined): boolean => initial === UNKNOWN_START

/** An id that no value of the history has. */
export const UNMENTIONED = -2
