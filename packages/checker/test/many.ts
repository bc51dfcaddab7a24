/**
 * Returns the number of random histories to test. `npm test` runs a twentieth of `histories`, or a tenth if they are at
 * most 2,400. The short soak runs half of them, and the long soak many times as many.
 */
const times = Number(process.env['MANY'] ?? 0.05)

export const many = (histories: number): number =>
  Math.ceil(histories * (times < 1 && histories <= 2_400 ? 2 * times : times))

/** Formats the same number for the title of a test. */
export const manyOf = (histories: number): string => many(histories).toLocaleString('en')

/**
 * Returns the number of tested histories that must at least be of some kind. It is low, because few histories vary
 * more.
 */
export const atLeast = (histories: number): number => Math.floor(histories * (times < 1 ? times / 2 : times))

/** Returns the number of tested histories that may at most be of some kind. */
export const atMost = (histories: number): number => Math.ceil(histories * (times < 1 ? times * 2 : times)) + 3
