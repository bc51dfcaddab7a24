const times = Number(process.env['MANY'] ?? 0.05)

/**
 * Returns the number of random histories that a test generates: `histories` times `MANY`; twice this number if `MANY`
 * is less than 1 and `histories` is at most 2,400. `MANY` is 0.05 in `npm test`, 0.5 in the short soak, and 4 to 25 in
 * the long soak.
 */
export const many = (histories: number): number =>
  Math.ceil(histories * (times < 1 && histories <= 2_400 ? 2 * times : times))

/** Formats the result of `many` for the title of a test. */
export const manyOf = (histories: number): string => many(histories).toLocaleString('en')

/**
 * Returns how many of the tested histories must at least have a property: `histories` times `MANY`. If `MANY` is less
 * than 1, returns half of this number, because the share of histories with the property varies more if fewer histories
 * are tested.
 */
export const atLeast = (histories: number): number => Math.floor(histories * (times < 1 ? times / 2 : times))

/**
 * Returns the maximum number of tested histories that may have a property: `histories` times `MANY`, plus 3. If `MANY`
 * is less than 1, the product is doubled, for the reason given at `atLeast`.
 */
export const atMost = (histories: number): number => Math.ceil(histories * (times < 1 ? times * 2 : times)) + 3
