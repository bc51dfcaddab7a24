const times = Number(process.env['MANY'] ?? 0.05)

/**
 * Returns how many random histories a test generates instead of `histories`. `npm test` generates a twentieth of
 * `histories`, and the short soak half of them; if `histories` is at most 2,400, both generate twice as many. The long
 * soak generates many times `histories`.
 */
export const many = (histories: number): number =>
  Math.ceil(histories * (times < 1 && histories <= 2_400 ? 2 * times : times))

/** Formats the result of `many` for the title of a test. */
export const manyOf = (histories: number): string => many(histories).toLocaleString('en')

/**
 * Returns the minimum number of tested histories with a property. A test of fewer histories gets only half of its
 * proportional minimum, because the share of histories with the property then varies more.
 */
export const atLeast = (histories: number): number => Math.floor(histories * (times < 1 ? times / 2 : times))

/**
 * Returns the maximum number of tested histories with a property. A test of fewer histories gets twice its proportional
 * maximum.
 */
export const atMost = (histories: number): number => Math.ceil(histories * (times < 1 ? times * 2 : times)) + 3
