import type { Json } from '@chaosproxy/history'

/**
 * In place of an initial value: nobody knows what each key, or the object, held before the history began. A history then
 * meets a level if some value for each key makes it so, and null is a value like any other. So the text "unknown" cannot be
 * said as an initial value itself.
 */
export const UNKNOWN_START = 'unknown'

export const isUnknownStart = (initial: Json | undefined): boolean => initial === UNKNOWN_START

/** In place of a value's id: a value that the history nowhere mentions. No value has this id. */
export const UNMENTIONED = -2
